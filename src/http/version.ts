import { invalid } from '../errors.ts'

/** The field in which a form says what it was made from. */
export const VERSION_FIELD = 'version'

/** What a form was made from, as a short text: other facts, another text. */
export const versionOf = (facts: unknown): string =>
  new Bun.CryptoHasher('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 16)

/**
 * Refuses a form that was made from other facts than there are now: somebody else has changed them meanwhile, and
 * saving it would undo that unseen. Call it while what is changed is held.
 */
export const refuseStale = (given: unknown, facts: unknown): void => {
  if (given !== versionOf(facts)) throw invalid(VERSION_FIELD, 'v.stale')
}
