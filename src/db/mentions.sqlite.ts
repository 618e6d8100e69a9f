import { type SQL, sql } from 'drizzle-orm'
import type { Reach } from './stretch.ts'
import { isShort, wordsOf } from './words.ts'

/** Accounts beyond it are not in `account_words` yet; triggers keep those up to it (see the migration). */
const LAST_INDEXED = '(SELECT coalesce(max(id), 0) FROM account_words_docsize)'

/** What `account_words` holds of an account. */
const WORDS = ['username', 'display_name', 'email', 'phone'] as const

/** For `indexWords`: takes so many accounts into the index. */
export const INDEX_WORDS = `INSERT INTO account_words (rowid, ${WORDS.join(', ')})
  SELECT id, ${WORDS.join(', ')} FROM accounts WHERE id > ${LAST_INDEXED} ORDER BY id LIMIT ?`

const isAnywhere = (word: string): SQL =>
  sql`(${sql.join(
    WORDS.map((column) => sql`instr(lower(${sql.raw(column)}), lower(${word})) > 0`),
    sql` or `,
  )})`

const areAnywhere = (words: readonly string[]): SQL => sql.join(words.map(isAnywhere), sql` and `)

/** What `Db.mentions` promises, by FTS5 and its trigrams. */
export const mentions = (text: string, reach: Reach): SQL => {
  const { after } = reach
  const last = reach.last ?? Number.MAX_SAFE_INTEGER
  const words = wordsOf(text)
  const long = words.filter((word) => !isShort(word))
  const short = words.filter(isShort)
  if (long.length === 0) {
    const start = text.toLowerCase()
    // Apart from the rest, so that the index of names is walked, whatever else is asked for.
    return sql`accounts.id in (select +id from accounts as short
      where username >= ${start} and username < ${start} || char(1114111) and +id > ${after} and +id <= ${last})`
  }
  const phrases = long.map((word) => `"${word.replaceAll('"', '""')}"`).join(' ')
  const found = sql`accounts.id in (
    select rowid from account_words where account_words match ${phrases} and rowid > ${after} and rowid <= ${last}
    union all select id from accounts as late where id > max(${after}, ${sql.raw(LAST_INDEXED)}) and id <= ${last}
      and ${areAnywhere(long)})`
  return short.length === 0 ? found : sql`${found} and ${areAnywhere(short)}`
}
