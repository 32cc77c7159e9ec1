// HTTP in and out: limits, headers and conditional requests. Every failure is an OperationOutcome.
import { getStatus, isOk, isOperationOutcome, normalizeOperationOutcome, OperationOutcomeError } from '@medplum/core';
import { capabilityStatement } from './capability.mjs';
import { resourceTypes } from './definitions.mjs';
import { normalise, normaliseSelector } from './search.mjs';

const FHIR_JSON = 'application/fhir+json; charset=utf-8';
const BODY_LIMIT = 8 * 1024 * 1024;
const WRITE_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json-patch+json']);
const FORM = 'application/x-www-form-urlencoded';
const VERSION_TAG = /^(?:W\/)?"([^"]+)"$/;

export const outcome = (code, text) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code, details: { text } }],
});

class HttpError extends Error {
  constructor(status, code, text) {
    super(text);
    this.status = status;
    this.outcome = outcome(code, text);
  }
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // The rest is read and dropped, so that the sender hears the answer instead of a reset.
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  if (size > BODY_LIMIT) throw new HttpError(413, 'too-long', `The body is over ${BODY_LIMIT} bytes; send less at a time`);
  return Buffer.concat(chunks);
}

function json(bytes) {
  let body;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError(400, 'structure', 'The body is not JSON in UTF-8');
  }
  if (body === null || typeof body !== 'object') throw new HttpError(400, 'structure', 'The body is not a JSON object');
  return body;
}

// Only media types that a browser does not send across origins unasked: this server has no log-in of its own.
async function bodyOf(request) {
  if (!['POST', 'PUT', 'PATCH'].includes(request.method)) return undefined;
  const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  const bytes = await readBody(request);
  if (request.method === 'POST' && type === FORM) return new URLSearchParams(bytes.toString('utf8'));
  if (!WRITE_TYPES.has(type)) throw new HttpError(415, 'not-supported', 'Send application/fhir+json');
  return json(bytes);
}

function requireVersionTag(headers) {
  const tag = headers['if-match'];
  if (tag !== undefined && !VERSION_TAG.test(tag)) throw new HttpError(400, 'value', 'If-Match must be a version tag, as W/"1"');
}

function requireType(type) {
  if (!resourceTypes.has(type)) throw new HttpError(404, 'not-supported', `"${type}" is not an R4 resource type`);
}

function bundleEntry(entry) {
  const [path, query] = (entry?.request?.url ?? '').split('?');
  const type = path.split('/')[0];
  if (!entry?.request || !resourceTypes.has(type)) return;
  if (entry.request.ifNoneExist) entry.request.ifNoneExist = normaliseSelector(type, entry.request.ifNoneExist);
  if (query === undefined) return;
  const selects = entry.request.method !== 'GET';
  entry.request.url = `${path}?${selects ? normaliseSelector(type, query) : normalise(type, new URLSearchParams(query))}`;
}

// The request as Medplum's router takes it.
function routed(request, url, body) {
  const path = url.pathname.replace(/^\/fhir\/?/, '').replace(/\/$/, '');
  const [type, second] = path.split('/');
  const headers = { ...request.headers };
  let { method } = request;
  let query = url.searchParams;
  if (path === '') return { method, url: '', body, headers, query: {} };
  requireType(type);
  requireVersionTag(headers);
  let target = path;
  if (method === 'POST' && second === '_search') [method, target, query] = ['GET', type, new URLSearchParams([...query, ...(body ?? [])])];
  if (method === 'POST' && headers['if-none-exist']) headers['if-none-exist'] = normaliseSelector(type, headers['if-none-exist']);
  if (method === 'POST' && body?.resourceType) delete body.id; // the server names what it creates (R4, 3.1.0.8)
  if (method === 'GET' && target === type) query = normalise(type, query);
  else if (target === type && query.size > 0) query = new URLSearchParams(normaliseSelector(type, query.toString()));
  return { method, url: query.size > 0 ? `${target}?${query}` : target, body, headers, query: {} };
}

function withLinks(bundle, call, base) {
  if (bundle.type !== 'searchset') return bundle;
  for (const entry of bundle.entry ?? []) entry.fullUrl = `${base}/${entry.resource.resourceType}/${entry.resource.id}`;
  const link = [{ relation: 'self', url: `${base}/${call.url}` }];
  const [type, text] = call.url.split('?');
  const query = new URLSearchParams(text);
  const next = Number(query.get('_offset') ?? 0) + Number(query.get('_count'));
  if (query.get('_count') > 0 && next < bundle.total) {
    query.set('_offset', String(next));
    link.push({ relation: 'next', url: `${base}/${type}?${query}` });
  }
  return { ...bundle, link };
}

function headersOf(resource, status, base) {
  const headers = { 'content-type': FHIR_JSON, 'cache-control': 'no-store' };
  const version = resource?.meta?.versionId;
  if (!version) return headers;
  headers.etag = `W/"${version}"`;
  headers['last-modified'] = new Date(resource.meta.lastUpdated).toUTCString();
  if (status === 201) headers.location = `${base}/${resource.resourceType}/${resource.id}/_history/${version}`;
  return headers;
}

export class FhirHttp {
  constructor({ router, repository, base }) {
    Object.assign(this, { router, repository, base });
  }

  async handle(request, response) {
    let answer;
    try {
      answer = await this.answer(request);
    } catch (error) {
      this.repository.rollBack();
      answer = this.failure(error);
    }
    this.send(request, response, answer);
  }

  async answer(request) {
    const { hostname, port } = new URL(this.base);
    // A page that rebinds its name to 127.0.0.1 still sends its own name here.
    if (![`${hostname}:${port}`, `localhost:${port}`].includes(request.headers.host)) throw new HttpError(421, 'security', 'Wrong host');
    const url = new URL(request.url, this.base);
    if (url.pathname === '/healthz') return { status: 200, body: { status: 'ok', resources: this.repository.count() } };
    if (url.pathname === '/fhir/metadata') return { status: 200, body: capabilityStatement(this.base) };
    if (url.pathname !== '/fhir' && !url.pathname.startsWith('/fhir/')) throw new HttpError(404, 'not-found', 'The FHIR base is /fhir');
    return this.interact(routed(request, url, await bodyOf(request)));
  }

  async interact(call) {
    if (call.url === '' && Array.isArray(call.body?.entry)) call.body.entry.forEach(bundleEntry);
    const [type, id] = call.url.split('?')[0].split('/');
    const existed = call.method !== 'PUT' || !id || this.repository.has(type, id);
    const [result, resource] = await this.router.handleRequest({ ...call, pathname: '', params: {}, config: { transactions: true } }, this.repository);
    if (!isOk(result)) {
      this.repository.rollBack();
      return { status: getStatus(result), body: result };
    }
    this.repository.commit();
    if (call.method === 'DELETE') return { status: 204 };
    const body = resource?.resourceType === 'Bundle' ? withLinks(resource, call, this.base) : (resource ?? result);
    return { status: existed ? getStatus(result) : 201, body, resource };
  }

  failure(error) {
    if (error instanceof HttpError) return { status: error.status, body: error.outcome };
    if (error instanceof OperationOutcomeError || isOperationOutcome(error)) {
      const body = normalizeOperationOutcome(error);
      return { status: getStatus(body), body };
    }
    console.error(JSON.stringify({ event: 'fhir_server_fault', error: error?.code ?? error?.name }));
    return { status: 500, body: outcome('exception', 'The server could not do this; its log names the fault') };
  }

  send(request, response, { status, body, resource }) {
    const headers = headersOf(resource, status, this.base);
    if (status === 200 && request.method === 'GET' && headers.etag && request.headers['if-none-match'] === headers.etag) {
      response.writeHead(304, headers).end();
      return;
    }
    const quiet = body === undefined || (request.headers.prefer === 'return=minimal' && status < 300 && request.method !== 'GET');
    response.writeHead(status, headers).end(quiet ? undefined : JSON.stringify(body));
  }
}
