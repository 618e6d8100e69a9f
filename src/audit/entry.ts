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

const keptOf = (digest: string | null | undefined): string | null => (digest == null ? null : bareCommitment(digest))

/** Of who did it. null: it was erased, and nothing was kept. */
export const actorCommitment = (row: NewContent & Partial<Pick<Content, 'actorDigest'>>): string | null =>
  row.actorSalt === null
    ? keptOf(row.actorDigest)
    : commitment(row.actorSalt, JSON.stringify([row.actorName, row.actorKey, row.address]))

/** Of whom it was done to. */
export const subjectCommitment = (row: NewContent & Partial<Pick<Content, 'subjectDigest'>>): string | null =>
  row.subjectSalt === null ? keptOf(row.subjectDigest) : commitment(row.subjectSalt, JSON.stringify([row.subjectName]))

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

/** Of a log that has no row yet. It is there before the first row: whoever removes it later is found out. */
export const emptyHead = (key: Uint8Array, signedAt: Date) => ({
  position: 0,
  hash: NOTHING_BEFORE,
  signature: headSignature(key, 0, NOTHING_BEFORE),
  signedAt,
})

/** A stretch of rows that was removed. */
export interface Stump {
  readonly firstPosition: number
  readonly lastPosition: number
  /** Of the row before it. */
  readonly previousHash: string
  /** Of its last row. */
  readonly hash: string
}

export const stumpSignature = (key: Uint8Array, stump: Stump): string =>
  keyed(key, `stump ${stump.firstPosition} ${stump.lastPosition} ${stump.previousHash} ${stump.hash}`)

/** What is kept of a part that we erased: its commitment, signed, so that nobody else takes anybody out of a row. */
export const erasedCommitment = (key: Uint8Array, kept: string): string => {
  const commitment = bareCommitment(kept)
  return `${commitment}.${keyed(key, `erased ${commitment}`)}`
}

const bareCommitment = (kept: string): string => kept.split('.')[0] ?? ''
