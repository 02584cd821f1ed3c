const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

class Markup {
  constructor(text) {
    this.text = text;
  }
}

/** A template of HTML: what is put into it is escaped, unless it is such a template itself, or an array of them. */
export function html(parts, ...values) {
  const written = values.map((value) => {
    if (value instanceof Markup) return value.text;
    if (Array.isArray(value)) return value.map((inner) => inner.text).join("");
    return String(value ?? "").replaceAll(/[&<>"']/g, (character) => ESCAPES[character]);
  });
  return new Markup(parts.map((part, at) => part + (written[at] ?? "")).join(""));
}

/** The response with a page. */
export function page(title, content, status = 200) {
  const { text } = html`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
    <title>${title} – fastsession demo</title><link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css"></head><body><header><a class="brand" href="/"><img src="/icon.svg" alt="" width="28"
    height="28">fastsession demo</a></header><main>${content}</main><footer><p>Sessions on this site are encrypted, in the
    cookie and in the store.</p></footer></body></html>`;
  return new Response(text, { status, headers: { "Content-Type": "text/html; charset=utf-8" } });
}
