// Asks the HTTP/2 server three things at once, over one pipe.
//
//   node client.js [--pipe NAME]
import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { connectDuplex } from 'framepipe';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-http2' } } });

const session = connect('http://pipe', { createConnection: () => connectDuplex(values.pipe, { waitForServer: true }) });
session.once('error', (error) => console.error(error.message));

const echoed = session.request({ ':path': '/', ':method': 'POST' });
echoed.end('what comes in goes out');
const answers = [session.request({ ':path': '/countdown' }), session.request({ ':path': '/hello' }), echoed];

await Promise.all(
  answers.map(async (stream, i) => {
    const [{ ':status': status }] = await once(stream, 'response');
    const answer = await text(stream);
    console.log(`${i}: ${status} ${answer.trimEnd()}`); // in the order in which they are complete
  }),
);
session.close();
