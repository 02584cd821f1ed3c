/** A session's state, and the changes that the core is still to be told of. */

import type { Change } from "./core/change.js";
import type { CoreManager, State } from "./core/manager.js";
import { random } from "./random.js";

/** How many changes may pile up. */
const MOST_CHANGES = 256;
/** What a change and a session take besides keys and values, at the most. */
const CHANGE_OVERHEAD = 32;
const SESSION_OVERHEAD = 512;

/**
 * Changes are told to the core together, when the session is committed; earlier where they could make the session too large,
 * so that whoever makes the change is told.
 */
export class Staged {
  changes: Change[] = [];
  /** Whether anything was changed since the session was read or stored. */
  isDirty = false;
  #bytes = 0;

  constructor(
    readonly core: CoreManager,
    readonly limit: number,
    public state: State,
  ) {}

  /** Makes a change. If it throws, nothing was changed. */
  add(made: Change): void {
    const [, name, value] = made;
    const bytes = 3 * name.length + value.length + CHANGE_OVERHEAD;
    const most = this.state.parked.length + this.#bytes + bytes + SESSION_OVERHEAD;
    if (most > this.limit || this.changes.length >= MOST_CHANGES) {
      this.apply(made);
      return;
    }
    this.changes.push(made);
    this.#bytes += bytes;
    this.isDirty = true;
  }

  /** Makes a change at once, for what it says of the session. */
  apply(made: Change): void {
    this.#took(this.core.apply(this.state.parked, [...this.changes, made]));
  }

  /** Tells the core of all changes. */
  flush(): void {
    if (this.changes.length > 0) this.#took(this.core.apply(this.state.parked, this.changes));
  }

  csrfToken(): string {
    this.#took(this.core.apply(this.state.parked, this.changes, random()));
    return this.state.csrf!;
  }

  /** Makes a change after which no other one matters. */
  replace(made: Change): void {
    this.changes = [made];
    this.isDirty = true;
  }

  #took(state: State): void {
    this.state = state;
    this.changes = [];
    this.#bytes = 0;
    this.isDirty = true;
  }
}
