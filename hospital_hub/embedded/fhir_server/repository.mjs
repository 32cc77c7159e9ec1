// Medplum's memory repository with what it lacks: validation, a journal, real transactions, 410 after a deletion.
// One request changes it at a time: the handlers await nothing but resolved promises, so no other request runs between.
import { OperationOutcomeError, deepClone, gone } from '@medplum/core';
import { MemoryRepository } from '@medplum/fhir-router';
import { check } from './definitions.mjs';

const PATIENT_FILTERS = new Set(['patient', 'subject']);

const etag = (resource) => `W/"${resource.meta.versionId}"`;

const historyEntry = (resource, first) => ({
  resource: deepClone(resource),
  request: { method: first ? 'POST' : 'PUT', url: first ? resource.resourceType : `${resource.resourceType}/${resource.id}` },
  response: { status: first ? '201' : '200', etag: etag(resource), lastModified: resource.meta.lastUpdated },
});

export class HospitalRepository extends MemoryRepository {
  changes = [];
  deleted = new Set();

  constructor(journal) {
    super();
    this.journal = journal;
  }

  replay() {
    this.seeding = true; // keeps the recorded versionId and lastUpdated
    const torn = this.journal.replay((change) => {
      if (change.put) super.createResourceSync(change.put, undefined, true);
      else this.forget(...change.delete.split('/'));
      if (change.put) this.deleted.delete(`${change.put.resourceType}/${change.put.id}`);
    });
    this.seeding = false;
    return torn;
  }

  has(type, id) {
    return this.resources.get(type)?.has(id) ?? false;
  }

  count() {
    return [...this.resources.values()].reduce((sum, ofType) => sum + ofType.size, 0);
  }

  // Every create and update of the base class passes here, conditional ones too.
  createResourceSync(resource, options, update = false) {
    check(resource);
    const { id } = resource;
    const before = id && this.resources.get(resource.resourceType)?.get(id);
    const stored = super.createResourceSync(resource, options, update);
    const key = `${stored.resourceType}/${stored.id}`;
    const wasDeleted = this.deleted.delete(key);
    this.changes.push({ record: { put: stored }, undo: () => this.unput(stored, before, wasDeleted) });
    return stored;
  }

  // Medplum evaluates FHIRPath on every resource of the type; almost all are another patient's and fall out here first.
  searchSync(request) {
    const wanted = request.filters?.find((one) => PATIENT_FILTERS.has(one.code) && one.operator === 'eq')?.value;
    if (!wanted?.startsWith('Patient/') || wanted.includes(',')) return super.searchSync(request);
    const all = this.resources;
    const mayMatch = ([, one]) => [undefined, wanted].includes((one.subject ?? one.patient)?.reference);
    const narrowed = new Map([...(all.get(request.resourceType) ?? [])].filter(mayMatch));
    this.resources = new Map(all).set(request.resourceType, narrowed);
    try {
      return super.searchSync(request);
    } finally {
      this.resources = all;
    }
  }

  unput(stored, before, wasDeleted) {
    const { resourceType, id } = stored;
    this.history.get(resourceType).get(id).pop();
    if (before) this.resources.get(resourceType).set(id, before);
    else this.resources.get(resourceType).delete(id);
    if (wasDeleted) this.deleted.add(`${resourceType}/${id}`);
  }

  forget(type, id) {
    this.resources.get(type)?.delete(id);
    this.deleted.add(`${type}/${id}`);
  }

  async deleteResource(type, id, options) {
    const before = this.resources.get(type)?.get(id);
    await super.deleteResource(type, id, options);
    this.forget(type, id);
    const undo = () => {
      this.resources.get(type).set(id, before);
      this.deleted.delete(`${type}/${id}`);
    };
    this.changes.push({ record: { delete: `${type}/${id}` }, undo });
  }

  async readResource(type, id) {
    if (this.deleted.has(`${type}/${id}`)) throw new OperationOutcomeError(gone);
    return super.readResource(type, id);
  }

  // The base class turns its stored list round in place; this one leaves it as it is.
  async readHistory(type, id, { offset = 0, limit = 100 } = {}) {
    await this.readResource(type, id);
    const versions = this.history.get(type).get(id);
    const entry = versions.map((version, index) => historyEntry(version, index === 0)).reverse();
    return { resourceType: 'Bundle', type: 'history', total: entry.length, entry: entry.slice(offset, offset + limit) };
  }

  async withTransaction(callback) {
    const mark = this.changes.length;
    try {
      return await callback(this);
    } catch (error) {
      this.rollBack(mark);
      throw error;
    }
  }

  rollBack(mark = 0) {
    for (const change of this.changes.splice(mark).reverse()) change.undo();
  }

  commit() {
    if (this.changes.length === 0) return;
    try {
      this.journal.append(this.changes.map((change) => change.record));
    } catch (error) {
      this.rollBack();
      throw error;
    }
    this.changes = [];
  }
}
