// A visitor: keeps cookies as a browser does, and sends them.

export class Visitor {
  cookies = new Map();

  constructor(sessions, context = {}) {
    this.sessions = sessions;
    this.context = context;
  }

  header() {
    return [...this.cookies].map(([name, { value }]) => `${name}=${value}`).join("; ");
  }

  take(lines) {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/; Max-Age=0(;|$)/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, { value, line });
    }
    return lines;
  }

  session(context = {}) {
    return this.sessions.load(this.header(), { ...this.context, ...context });
  }

  /** One request: what `work` does to the session is stored; gives what it returned. */
  async visit(work, context) {
    const session = await this.session(context);
    const result = await work(session);
    this.take(await session.cookies());
    return result;
  }

  copy() {
    const copy = new Visitor(this.sessions, this.context);
    copy.cookies = new Map(this.cookies);
    return copy;
  }
}
