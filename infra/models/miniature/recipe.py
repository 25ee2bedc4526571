"""From nothing to a family: each part is taught on what was taught before it."""

from pathlib import Path

from infra.models.miniature import clip, diffusion, judge, vae
from infra.models.miniature.album import Album
from infra.models.miniature.effort import Effort
from infra.models.miniature.folders import Family


def taught(effort: Effort, folder: Path) -> Family:
    """Teach all parts in `folder`; what is there already is not taught again."""
    folder.mkdir(parents=True, exist_ok=True)
    eyes, seer = vae.teach(effort.vae, effort.decoder, folder), clip.teach(effort.clip, folder)
    album = Album(folder, effort.album, eyes, seer)
    base = diffusion.teach_base(album, seer, effort.base, folder)
    return Family(
        vae=eyes,
        clip=seer,
        judge=judge.teach(effort.judge, folder),
        base=base,
        refiner=diffusion.teach_refiner(album, seer, base, effort.refiner, folder),
        unclip=diffusion.teach_unclip(album, seer, base, effort.unclip, folder),
        images=album.images(),
    )
