// @ts-check
// Run in a process of its own: the download can then be given up by ending it, and what the packages print stays here.
// Prints the path of the binary, or the reason why there is none, as one line of JSON.
import { codeOf, messageOf } from '../../setup/system-error.mjs';

const [kind = '', downloadDir = ''] = process.argv.slice(2);

try {
  console.log(JSON.stringify({ path: kind === 'mongod' ? await mongod() : await redisServer() }));
} catch (error) {
  console.log(
    JSON.stringify({
      fault: codeOf(error) === 'ERR_MODULE_NOT_FOUND' ? 'not installed' : firstFault(messageOf(error)),
    }),
  );
}
process.exit(0);

async function mongod() {
  // A refusal is final: retries with growing pauses would only delay the next choice.
  process.env['MONGOMS_MAX_RETRIES'] = '1';
  const { MongoBinary } = await import('mongodb-memory-server');
  return MongoBinary.getPath({ downloadDir });
}

async function redisServer() {
  const module = await import('redis-memory-server/lib/util/RedisBinary.js');
  const RedisBinary = module.default.default ?? module.default;
  return RedisBinary.getPath({ downloadDir });
}

/** @param {string} message */
function firstFault(message) {
  const lines = message.split('\n').map((line) => line.trim());
  return lines.find((line) => /ENOTFOUND|ECONN|EAI_AGAIN|Status|refused/i.test(line)) ?? lines[0] ?? 'unknown';
}
