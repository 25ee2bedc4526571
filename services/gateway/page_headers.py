"""What every page says to the browser: nothing comes from elsewhere, and nobody frames it."""


def headers(styles: str = "'self'") -> dict[str, str]:
    """The headers of a page whose styles may come from `styles`."""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src {styles}",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
