// An ssh-agent with one key, made for this run: OpenSSH lists it, and has it sign.
//
//   node agent.js [--pipe NAME]
//   SSH_AUTH_SOCK=/tmp/CoreFxPipe_framepipe-agent ssh-add -l            (Linux)
//   $env:SSH_AUTH_SOCK = '\\.\pipe\framepipe-agent'; ssh-add -l         (Windows)
import { generateKeyPairSync, sign } from 'node:crypto';
import { parseArgs } from 'node:util';
import { framing, listen } from 'framepipe';

// https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent
const FAILURE = 5;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-agent' } } });

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const bare = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
const key = Buffer.concat([string('ssh-ed25519'), string(bare)]);

const server = await listen(values.pipe, { framing: framing.sshAgent() }); // access: 'owner': the keys are yours alone
process.once('SIGINT', () => server.close({ connections: true }));
console.log(`ssh-agent on ${server.path}, with\nssh-ed25519 ${key.toString('base64')} framepipe`);

await server.serve(async (client) => {
  for await (const request of client) await client.send(answer(request));
});

function answer(request) {
  switch (request[0]) {
    case REQUEST_IDENTITIES:
      return Buffer.concat([Buffer.of(IDENTITIES_ANSWER), uint32(1), string(key), string('framepipe')]);
    case SIGN_REQUEST: {
      const asked = stringAt(request, 1);
      if (!asked.equals(key)) break;
      const signature = sign(null, stringAt(request, 1 + 4 + asked.length), privateKey);
      const signed = Buffer.concat([string('ssh-ed25519'), string(signature)]);
      return Buffer.concat([Buffer.of(SIGN_RESPONSE), string(signed)]);
    }
  }
  return Buffer.of(FAILURE);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function stringAt(message, at) {
  return message.subarray(at + 4, at + 4 + message.readUInt32BE(at));
}
