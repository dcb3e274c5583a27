// Calls the JSON-RPC server with the library that VS Code and its language servers use: npm install vscode-jsonrpc
//
//   node client.js [--pipe NAME]
import { parseArgs } from 'node:util';
import { connect, framing } from 'framepipe';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-rpc' } } });

const stream = (await connect(values.pipe, { framing: framing.raw(), waitForServer: true })).toDuplex();
const rpc = createMessageConnection(new StreamMessageReader(stream), new StreamMessageWriter(stream));
rpc.onNotification('left', (left) => console.log(left));
rpc.listen();

console.log('2 + 3 =', await rpc.sendRequest('add', 2, 3));
console.log(await rpc.sendRequest('countdown', 3));
await rpc.sendRequest('divide', 1, 0).catch((error) => console.log(error.message));

rpc.dispose();
stream.destroySoon();
