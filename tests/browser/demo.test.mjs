// The demo as its users see it: one on a desktop, one on a phone without JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { keepPicture, openPage, startBrowser } from "./browser.mjs";
import { startDemo } from "./server.mjs";

const PHONE = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
  javaScriptEnabled: false,
  colorScheme: "dark",
  userAgent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
};
// Markup, so that a page that does not escape it shows.
const USER = "Ada <b>Lovelace</b> & Söhne";

let demo, browser;
before(async () => {
  // One after the other, so that what has started is ended where the next does not start.
  demo = await startDemo();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

describe("a user on two devices", () => {
  const complaints = [];
  let desktop, phone;
  before(async () => {
    desktop = await openPage(browser, complaints, { viewport: { width: 1200, height: 800 } });
    phone = await openPage(browser, complaints, PHONE);
  });

  test("visits are counted", async () => {
    await desktop.goto(demo.url);
    assert.equal(await visits(desktop), 1);
    await desktop.reload();
    assert.equal(await visits(desktop), 2);
    await assertIsAnonymous(desktop);
    await keepPicture(desktop, "home-anonymous");
  });

  test("signing in keeps the count and replaces the cookie", async () => {
    const saved = await cookies(desktop);
    await signIn(desktop);
    assert.equal(await visits(desktop), 3);
    await keepPicture(desktop, "home-signed-in");
    await assertIsDead(saved);
  });

  test("a restart of the server changes nothing", async () => {
    await demo.restart();
    await desktop.reload();
    await assertIsSignedIn(desktop);
    assert.equal(await visits(desktop), 4);
  });

  test("the cookie is out of reach for scripts", async () => {
    assert.equal(await desktop.evaluate(() => document.cookie), "");
    const [cookie] = await cookies(desktop);
    assert.deepEqual(
      { name: cookie.name, httpOnly: cookie.httpOnly, sameSite: cookie.sameSite, path: cookie.path },
      { name: "session", httpOnly: true, sameSite: "Lax", path: "/" },
    );
  });

  test("both devices are listed", async () => {
    await phone.goto(demo.url);
    await keepPicture(phone, "phone-anonymous");
    await signIn(phone);
    await keepPicture(phone, "phone-signed-in");
    await desktop.goto(demo.url);
    await desktop.getByRole("link", { name: "Your devices" }).click();
    const devices = await desktop.getByRole("listitem").allInnerTexts();
    assert.equal(devices.length, 2);
    assert.match(devices[0], /Chrome on Linux this device/);
    assert.match(devices[1], /Chrome on Android/);
    assert.doesNotMatch(devices[1], /this device/);
    await keepPicture(desktop, "devices");
  });

  test("the phone needs no sideways scrolling", async () => {
    for (const path of ["", "devices", "nowhere"]) {
      await phone.goto(demo.url + path);
      const [content, view] = await phone.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= view, `${path}: ${content} > ${view}`);
      await keepPicture(phone, `phone-${path || "home"}`);
    }
    // The page that does not exist was asked for on purpose.
    const expected = complaints.splice(0).filter((complaint) => !/404/.test(complaint));
    assert.deepEqual(expected, []);
  });

  test("one device is signed out from another", async () => {
    const saved = await cookies(phone);
    await desktop.getByRole("button", { name: "Sign out Chrome on Android" }).click();
    assert.equal(await desktop.getByRole("listitem").count(), 1);
    await phone.goto(demo.url);
    await assertIsAnonymous(phone);
    await assertIsDead(saved);
    await signIn(phone);
  });

  test("signing out everywhere ends both", async () => {
    const saved = [await cookies(desktop), await cookies(phone)];
    await phone.getByRole("link", { name: "Your devices" }).click();
    await phone.getByRole("button", { name: "Sign out everywhere" }).click();
    await assertIsAnonymous(phone);
    await desktop.goto(demo.url);
    await assertIsAnonymous(desktop);
    for (const each of saved) await assertIsDead(each);
  });

  test("signing out ends this one, and a saved cookie with it", async () => {
    await signIn(desktop);
    const saved = await cookies(desktop);
    await desktop.getByRole("button", { name: "Sign out" }).click();
    await assertIsAnonymous(desktop);
    assert.equal(await visits(desktop), 1);
    await assertIsDead(saved);
  });

  test("the browser had nothing to complain about", () => assert.deepEqual(complaints, []));
});

describe("forms", () => {
  test("a name of spaces is refused, on a page that says why", async () => {
    const page = await openPage(browser, []);
    await page.goto(demo.url);
    await page.getByLabel("Name").fill("   ");
    await page.getByLabel("Name").press("Enter");
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Name").getAttribute("aria-invalid"), "true");
    await keepPicture(page, "refused-name");
    await signIn(page);
  });

  test("a form of another session is refused", async () => {
    const page = await openPage(browser, []);
    await page.goto(demo.url);
    const [stranger] = await Promise.all([openPage(browser, [])]);
    await stranger.goto(demo.url);
    const theirs = await stranger.locator("input[name=csrf]").first().inputValue();
    await page.locator("input[name=csrf]").first().evaluate((field, value) => (field.value = value), theirs);
    await page.getByLabel("Name").fill("Mallory");
    const refused = page.waitForResponse((response) => response.url().endsWith("/sign-in"));
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.equal((await refused).status(), 403);
    await keepPicture(page, "refused-form");
    await page.goto(demo.url);
    await assertIsAnonymous(page);
  });
});

async function visits(page) {
  return Number(await page.locator("#visits").innerText());
}

async function signIn(page) {
  await page.getByLabel("Name").fill(USER);
  await page.getByRole("button", { name: "Sign in" }).click();
  await assertIsSignedIn(page);
}

async function assertIsSignedIn(page) {
  assert.equal(await page.locator("#user").innerText(), USER);
}

async function assertIsAnonymous(page) {
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  assert.equal(await page.locator("#user").count(), 0);
}

function cookies(page) {
  return page.context().cookies();
}

/** Whoever presents these cookies now is a newcomer. */
async function assertIsDead(saved) {
  assert.equal(saved.length, 1);
  const page = await openPage(browser, []);
  await page.context().addCookies(saved);
  await page.goto(demo.url);
  await assertIsAnonymous(page);
  assert.equal(await visits(page), 1);
  await page.context().close();
}
