// A socket's setTimeout(): tells when nothing was read or written for a while.
const LONGEST = 0x7fff_ffff;

export class IdleTimer {
  readonly #tell: () => void;
  /** Bytes that have gone out so far, while a write is under way; undefined when none is. */
  readonly #sent: () => number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSent = 0;

  constructor(tell: () => void, sent: () => number | undefined) {
    this.#tell = tell;
    this.#sent = sent;
  }

  /** 0: never. It keeps no process alive. */
  set(ms: number): void {
    this.clear();
    if (ms > 0) this.#timer = setTimeout(() => this.#idled(), Math.min(ms, LONGEST)).unref();
  }

  refresh(): void {
    this.#timer?.refresh();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #idled(): void {
    // A large write may take long, and go on all the time.
    const sent = this.#sent() ?? this.#lastSent;
    if (sent === this.#lastSent) this.#tell();
    else this.#timer?.refresh();
    this.#lastSent = sent;
  }
}
