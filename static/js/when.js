// "5 minutes ago" stays true on a page that is left open. The server's words stand until they are a minute old.
(() => {
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
  setInterval(() => {
    if (document.hidden) return;
    for (const place of document.querySelectorAll("time[data-when]")) {
      const seconds = (new Date(place.dateTime) - Date.now()) / 1000;
      const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
      if (unit && Math.abs(seconds) < 7 * 86400) place.textContent = format.format(Math.trunc(seconds / unit[1]), unit[0]);
    }
  }, 60000);
})();
