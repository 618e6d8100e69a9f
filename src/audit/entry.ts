import type { Tables } from '../db/db.ts'

export type AuditRow = Tables['auditLog']['$inferSelect']

/** What a row says. Its place in the chain is not part of it. */
export type Content = Omit<AuditRow, 'id' | 'position' | 'previousHash' | 'hash'>

/** The same of a row that is made: nothing of it was erased. */
export type NewContent = Omit<Content, 'actorDigest' | 'subjectDigest'>

/** What a row at the first position says of the one before it. */
export const NOTHING_BEFORE = ''

/**
 * What stands for a person's part of a row in its hash. Without the salt, which is random and goes with the part, it
 * tells nothing about it.
 */
const commitment = (salt: string, part: string): string => Bun.SHA256.hash(`${salt} ${part}`, 'base64url')

/** Of who did it. null: it was erased, and nothing was kept. */
export const actorCommitment = (row: NewContent & Partial<Pick<Content, 'actorDigest'>>): string | null =>
  row.actorSalt === null
    ? (row.actorDigest ?? null)
    : commitment(row.actorSalt, JSON.stringify([row.actorName, row.actorKey, row.address]))

/** Of whom it was done to. */
export const subjectCommitment = (row: NewContent & Partial<Pick<Content, 'subjectDigest'>>): string | null =>
  row.subjectSalt === null
    ? (row.subjectDigest ?? null)
    : commitment(row.subjectSalt, JSON.stringify([row.subjectName]))

/**
 * All that a row says: one list in one order, of texts, whole numbers and null, so that it is the same on both databases.
 */
export const statementOf = (row: NewContent): string =>
  JSON.stringify([
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

const keyed = (key: Uint8Array, text: string): string =>
  new Bun.CryptoHasher('sha256', key).update(text).digest('base64url')

/** Of a row that has no place yet. Without the key nobody can make another, here and below. */
export const looseHash = (key: Uint8Array, statement: string): string => keyed(key, `row ${statement}`)

/** Of a row at its place, after the row with that hash. */
export const linkHash = (key: Uint8Array, position: number, previous: string, statement: string): string =>
  keyed(key, `link ${position} ${previous} ${statement}`)

/** Of where the chain ends. */
export const headSignature = (key: Uint8Array, position: number, hash: string): string =>
  keyed(key, `head ${position} ${hash}`)
