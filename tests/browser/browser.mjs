// A browser whose every complaint is kept.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { target } from "./server.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export const screenshots = join(target, "screenshots");

/** Starts Chromium with a profile of its own, which is removed when it closes. */
export async function startBrowser() {
  await mkdir(screenshots, { recursive: true });
  const executablePath = process.env.FASTSESSION_TEST_CHROMIUM ?? "/usr/bin/chromium";
  return await chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** A page in a context of its own; console and page errors and failed requests are added to `complaints`. */
export async function openPage(browser, complaints, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`page: ${error}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  return page;
}

/** Keeps what the page looks like, all of it. */
export async function keepPicture(page, name) {
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
