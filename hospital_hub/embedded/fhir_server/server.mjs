// FHIR R4 server of the demonstration hospital: `node server.mjs --port 8711 --data FOLDER`, on 127.0.0.1 only.
// It has no log-in: the demonstration EMR stands in front of it. It ends on SIGTERM and when its parent is gone.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FhirRouter } from '@medplum/fhir-router';
import { loadDefinitions } from './definitions.mjs';
import { FhirHttp, outcome } from './http.mjs';
import { BrokenJournal, Journal } from './journal.mjs';
import { HospitalRepository } from './repository.mjs';

const PARENT_CHECK_MS = 500;
// Longer than clients keep an idle connection (aiohttp: 15 s): else a POST can meet one that is just being closed.
const KEEP_ALIVE_MS = 75_000;

function leave(text) {
  console.error(text);
  process.exit(2);
}

function options() {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, data: { type: 'string' } } });
    if (values.data && Number(values.port) > 0) return { port: Number(values.port), data: values.data };
  } catch {
    // the sentence below says what is expected
  }
  return leave('usage: node server.mjs --port PORT --data FOLDER');
}

function openRepository(data) {
  const repository = new HospitalRepository(new Journal(join(data, 'fhir', 'journal.ndjson')));
  try {
    const torn = repository.replay();
    if (torn > 0) console.error(JSON.stringify({ event: 'fhir_journal_torn_line_dropped', bytes: torn }));
  } catch (error) {
    if (error instanceof BrokenJournal) leave(error.message);
    throw error;
  }
  return repository;
}

function listen(port, repository) {
  const http = new FhirHttp({ router: new FhirRouter(), repository, base: `http://127.0.0.1:${port}/fhir` });
  const server = createServer((request, response) => void http.handle(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return;
    const body = JSON.stringify(outcome('structure', 'This is not an HTTP request'));
    socket.end(`HTTP/1.1 400 Bad Request\r\ncontent-type: application/fhir+json\r\nconnection: close\r\n\r\n${body}`);
  });
  server.on('error', (error) => leave(`The FHIR server cannot listen on 127.0.0.1:${port} (${error.code}); choose another port`));
  server.listen(port, '127.0.0.1', () => {
    console.log(JSON.stringify({ event: 'fhir_server_ready', port, resources: repository.count() }));
  });
  return server;
}

function endWith(server, repository) {
  const stop = () => {
    server.close(() => {
      repository.journal.close();
      process.exit(0);
    });
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS).unref();
}

const { port, data } = options();
loadDefinitions(new URL('./definitions.json.gz', import.meta.url));
const repository = openRepository(data);
endWith(listen(port, repository), repository);
