// Runs before the first paint: dark or light as was chosen here, else as the system has it.
try {
  const chosen = localStorage.getItem("latentrelay-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // a browser that keeps nothing: as the system has it
}
