import { form, type Input, LONGEST_DICTIONARY_TEXT, plainText, text } from '../../http/input.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Dictionary } from './dictionary.ts'

/** An entry as a page asks for it. */
export const WantedEntry = form({
  key: plainText(LONGEST_DICTIONARY_TEXT),
  value: text({ max: LONGEST_DICTIONARY_TEXT, numbers: true }),
})

/** What administrators change of the dictionary of an account, which hears of it as of any change. */
export const dictionaryEntries = ({ accounts, dictionary }: { accounts: Accounts; dictionary: Dictionary }) => ({
  /** Adds the entry, or gives it another value. */
  set: (visit: Visit, id: number, key: string, value: string): Promise<void> =>
    accounts.edit(visit, id, { field: 'dictionary' }, (tx) => dictionary.set(tx, id, { [key]: value })),
  /** The same by a page. `check` is handed what the entry was; null: there was none. */
  write: (
    visit: Visit,
    id: number,
    input: Input<typeof WantedEntry>,
    check: (before: string | null) => void,
  ): Promise<void> => {
    const { key, value } = input.settle()
    return accounts.edit(visit, id, { field: 'dictionary' }, async (tx) => {
      check(await dictionary.find(tx, id, key))
      await dictionary.set(tx, id, { [key]: value })
    })
  },
  /** Resolves to how many entries went: the one of the key, or all. */
  remove: (visit: Visit, id: number, key?: string): Promise<number> =>
    accounts.edit(visit, id, { field: 'dictionary' }, (tx) => dictionary.remove(tx, id, key)),
})

export type DictionaryEntries = ReturnType<typeof dictionaryEntries>
