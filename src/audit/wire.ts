import { anything, integer, text } from '../http/input.ts'
import { isoMoment } from '../http/moment.ts'
import { described, listOf, mapOf, moment, object, orNull, record } from '../http/output.ts'
import type { AuditRow } from './entry.ts'

const Anything = mapOf(anything())

export const AuditRowSchema = record('AuditEntry', {
  id: integer(1, Number.MAX_SAFE_INTEGER),
  at: moment(),
  action: text(),
  way: text(),
  actor: object({
    kind: text(),
    id: described(orNull(integer(1)), 'Of an account.'),
    name: described(orNull(text()), 'null: there is none, or it was erased.'),
    key: described(orNull(text()), 'The name of the API key that was used.'),
    address: orNull(text()),
  }),
  space: orNull(object({ id: orNull(integer(1)), domain: text() })),
  subject: object({ kind: text(), id: orNull(text()), name: orNull(text()) }),
  fields: described(listOf(text()), 'Which changed.'),
  values: described(Anything, 'Of those that tell nothing about a person: the value before, and after.'),
  detail: Anything,
  request_id: orNull(text()),
  position: described(orNull(integer(1, Number.MAX_SAFE_INTEGER)), 'In the chain; null: it gets one within a second.'),
  previous_hash: orNull(text()),
  hash: text(),
})

export const AuditPageSchema = record('AuditPage', {
  data: listOf(AuditRowSchema),
  next: described(orNull(text()), 'As `before`, it asks for those that are older; null: there are none.'),
})

const parsed = (json: string | null): Readonly<Record<string, unknown>> => (json === null ? {} : JSON.parse(json))

/** A row as REST and exports show it. */
export const auditWire = (row: AuditRow) => {
  const changes = parsed(row.changes)
  return {
    id: row.id,
    at: isoMoment(row.at),
    action: row.action,
    way: row.way,
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName, key: row.actorKey, address: row.address },
    space: row.domain === null ? null : { id: row.spaceId, domain: row.domain },
    subject: { kind: row.subjectKind, id: row.subjectId, name: row.subjectName },
    fields: Object.keys(changes),
    values: Object.fromEntries(Object.entries(changes).filter(([, pair]) => pair !== null)),
    detail: parsed(row.detail),
    request_id: row.requestId,
    position: row.position,
    previous_hash: row.previousHash,
    hash: row.hash,
  }
}
