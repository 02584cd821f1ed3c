// Chromium, on a page of its own.
import { createServer } from "node:http";
import { once } from "node:events";
import { chromium } from "playwright-core";
import { bundle } from "./bundle.mjs";
import { report } from "./report.mjs";

const code = await bundle("bundled.mjs", ["browser"], "iife");
const server = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>fastsession</title>");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const executablePath = process.env.FASTSESSION_TEST_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.addScriptTag({ content: code });
  report("Chromium", await page.evaluate("test.outcome"));
} finally {
  await browser.close();
  server.close();
}
