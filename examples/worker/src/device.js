/** What user agents contain, and the name to show. Most imitate others, so the more particular come first. */
const BROWSERS = [
  ["Edg", "Edge"], ["OPR/", "Opera"], ["SamsungBrowser/", "Samsung Internet"], ["Firefox/", "Firefox"], ["FxiOS/", "Firefox"],
  ["CriOS/", "Chrome"], ["Chrome/", "Chrome"], ["Safari/", "Safari"], ["curl/", "curl"],
];
const SYSTEMS = [
  ["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS X", "macOS"],
  ["CrOS", "ChromeOS"], ["Linux", "Linux"],
];

/** A short name for the device that a request comes from, as "Firefox on Linux". */
export function deviceLabel(agent) {
  const first = (names) => names.find(([part]) => agent.includes(part))?.[1];
  return [first(BROWSERS), first(SYSTEMS)].filter((name) => name !== undefined).join(" on ") || "Unknown device";
}
