import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import {
  accepts,
  form,
  integer,
  isLongerThan,
  LONGEST_DICTIONARY_TEXT,
  looseText,
  read,
  text,
} from '../../http/input.ts'
import { answers, mapOf, object } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Dictionary } from './dictionary.ts'
import type { DictionaryEntries } from './entries.ts'

const NewEntry = form({ value: looseText() })

const EntrySchema = object({ value: text() })

const isLong = (text: string) => isLongerThan(LONGEST_DICTIONARY_TEXT, text)

/** The value of the body, for a key that can be stored. */
const valueFor = (key: string, visit: Visit): string => {
  const input = read(NewEntry, visit.input)
  const tooLong = { id: 'v.max', values: { max: LONGEST_DICTIONARY_TEXT } } as const
  const { value } = input.values
  if (value !== null && isLong(value)) input.refuse('value', tooLong)
  if (isLong(key)) input.refuse('key', tooLong)
  return input.settle().value
}

export const dictionaryApi = (deps: {
  auth: Auth
  accounts: Accounts
  dictionary: Dictionary
  dictionaryEntries: DictionaryEntries
}) => {
  const { auth, accounts, dictionary, dictionaryEntries } = deps
  const find = async (visit: Visit, id: string) => (await accounts.byId(visit.space, idOf(id))).account.id

  return new Elysia({ prefix: '/api/accounts/:id/dictionary', tags: ['Dictionary'] })
    .use(auth)
    .get('/', async ({ visit, params }) => json(await dictionary.all(await find(visit, params.id))), {
      requires: 'admin',
      detail: { summary: 'Read the dictionary of an account', ...answers(mapOf(text())) },
    })
    .delete('/', async ({ visit, params }) => json(await dictionaryEntries.remove(visit, idOf(params.id))), {
      requires: 'admin',
      detail: {
        summary: 'Clear the dictionary of an account',
        description: 'Answers how many entries went.',
        ...answers(integer(0)),
      },
    })
    .get(
      '/:key',
      async ({ visit, params }) => {
        const account = await find(visit, params.id)
        return json({ value: await dictionary.one(account, params.key) })
      },
      { requires: 'admin', detail: { summary: 'Read an entry', ...answers(EntrySchema) } },
    )
    .post(
      '/:key',
      async ({ visit, params }) => {
        const id = await find(visit, params.id)
        const value = valueFor(params.key, visit)
        await dictionaryEntries.set(visit, id, params.key, value)
        return json({ value }, 201)
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Set an entry',
          description: 'Numbers and booleans become text.',
          ...accepts(NewEntry),
          ...answers(EntrySchema, 201),
        },
      },
    )
    .delete(
      '/:key',
      async ({ visit, params }) => json(await dictionaryEntries.remove(visit, idOf(params.id), params.key)),
      {
        requires: 'admin',
        detail: { summary: 'Delete an entry', description: 'Answers how many entries went.', ...answers(integer(0)) },
      },
    )
}
