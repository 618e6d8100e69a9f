import type { Tables } from '../db/db.ts'

export type AuditRow = Tables['auditLog']['$inferSelect']

/** A row as it is made: its place in the chain comes afterwards. */
export type Content = Omit<AuditRow, 'id' | 'position' | 'previousHash' | 'hash'>

/** What a row at the first position says of the one before it. */
export const NOTHING_BEFORE = ''

const keyed = (key: string | Uint8Array, value: readonly unknown[]): string =>
  new Bun.CryptoHasher('sha256', key).update(JSON.stringify(value)).digest('base64url')

/**
 * What stands for a person's part of a row in its hash. Without the salt, which is random and goes with the part, it
 * tells nothing about it.
 */
const commitment = (salt: string, part: readonly (string | null)[]): string => keyed(salt, part)

/** Of who did it. null: it was erased, and its commitment was not kept. */
export const actorCommitment = (row: Content): string | null =>
  row.actorSalt === null ? row.actorDigest : commitment(row.actorSalt, [row.actorName, row.actorKey, row.address])

/** Of whom it was done to. */
export const subjectCommitment = (row: Content): string | null =>
  row.subjectSalt === null ? row.subjectDigest : commitment(row.subjectSalt, [row.subjectName])

/**
 * Of all that a row says. One list in one order, of texts, whole numbers and null, so that it is the same on both
 * databases; without the key nobody can make another.
 */
export const contentDigest = (key: Uint8Array, row: Content): string =>
  keyed(key, [
    'row',
    row.at.getTime(),
    row.action,
    row.way,
    row.actorKind,
    row.actorId,
    actorCommitment(row),
    row.spaceId,
    row.domain,
    row.subjectKind,
    row.subjectId,
    subjectCommitment(row),
    row.changes,
    row.detail,
    row.requestId,
  ])

/** Of a row at its place, after the row with that hash. */
export const linkHash = (key: Uint8Array, position: number, previous: string, content: string): string =>
  keyed(key, ['link', position, previous, content])

/** Of where the chain ends. */
export const headSignature = (key: Uint8Array, position: number, hash: string): string =>
  keyed(key, ['head', position, hash])
