// Clients of many users, and what only each of them may do.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const client = fileURLToPath(new URL('client.js', import.meta.url));
let pipes = 0;

export class Actors {
  /** What was done as it should be; what could not be tried for want of a descriptor; what was done as somebody else. */
  counts = { right: 0, unable: 0, wrong: 0, first: undefined };
  #folder;
  #connections = [];
  #turn = 0;

  static async of({ listen }, folder, users) {
    const actors = new Actors();
    actors.#folder = folder;
    const name = `stress-${process.pid}-${Math.random().toString(36).slice(2)}-${++pipes}`;
    const server = await listen(name, { access: 'everyone' });
    server.unref();
    const children = users.map((user) =>
      spawn(process.execPath, [client, name, String(user)], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    process.on('exit', () => {
      for (const child of children) child.kill('SIGKILL');
    });
    for await (const connection of server) {
      await connection.read();
      actors.#connections.push(connection);
      if (actors.#connections.length === users.length) break;
    }
    return actors;
  }

  /** So many rounds of operations of `as`. `begun` is called when no thread runs script as a client any more. */
  async asynchronously(rounds, begun = () => {}) {
    let entered = 0;
    let open;
    const gate = new Promise((resolve) => (open = resolve));
    const share = Math.ceil(rounds / this.#connections.length);
    const sessions = this.#connections.map((connection) =>
      connection.runAsClient(async (as) => {
        if (++entered === this.#connections.length) open();
        await gate;
        for (let i = 0; i < share; i++) await this.#asked(as, connection);
      }),
    );
    sessions.push(gate.then(begun));
    await Promise.all(sessions);
  }

  /** So many rounds in which this thread is the client, and in the first one does `make`. */
  async synchronously(rounds, make = () => {}) {
    for (let i = 0; i < rounds; i++) {
      const connection = this.#connections[i % this.#connections.length];
      const user = connection.peer.uid;
      const act = () => {
        if (i === 0) make();
        this.#check(user, 'its own id', true, process.geteuid() === user ? 'its own id' : 'another one');
        for (const { file, may } of this.#files(connection))
          this.#check(user, file, may, read(path.join(this.#folder, file)));
      };
      await connection.runAsClient(act).catch((error) => this.#check(user, 'anything', true, error.code));
      this.#check('the server', 'root', true, read(path.join(this.#folder, 'root')));
    }
  }

  async #asked(as, connection) {
    const asked = this.#files(connection).map(async ({ file, may }) => {
      const found = await as.readFile(path.join(this.#folder, file), 'utf8').catch((error) => error.code);
      this.#check(connection.peer.uid, file, may, found);
    });
    await Promise.all(asked);
  }

  #files(connection) {
    const user = connection.peer.uid;
    const other = this.#connections[this.#turn++ % this.#connections.length].peer.uid;
    return [
      { file: `user-${user}`, may: true },
      { file: `group-${user}`, may: true },
      { file: 'root', may: false },
      { file: 'group-of-root', may: false },
      { file: `user-${other}`, may: other === user },
    ];
  }

  #check(who, file, may, found) {
    if (found === (may ? file : 'EACCES')) this.counts.right++;
    else if (found === 'EMFILE' || found === 'ERR_PIPE_CANNOT_IMPERSONATE') this.counts.unable++;
    else {
      this.counts.wrong++;
      this.counts.first ??= `${who}, ${file}: ${found}`;
    }
  }
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    return error.code;
  }
}
