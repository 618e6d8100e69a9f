import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, anything, form, read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../http/visit.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Dictionary } from './dictionary.ts'

const LONGEST = 255

const NewEntry = form({ value: anything() })

/** Numbers and booleans become text, as old scripts expect (spec contacts.md §9). */
const textOf = (value: unknown): string | null =>
  typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? String(value)
      : typeof value === 'boolean'
        ? String(Number(value))
        : null

export const dictionaryApi = (deps: { auth: Auth; accounts: Accounts; dictionary: Dictionary }) => {
  const { auth, accounts, dictionary } = deps
  const accountId = async (visit: Visit, id: string) => (await accounts.byId(visit.space, idOf(id))).account.id

  const entryOf = (visit: Visit, key: string): string => {
    const input = read(NewEntry, visit.input)
    const value = textOf(input.values.value)
    if (input.isGood('value') && value === null) input.refuse('value', { id: 'v.string' })
    if (value !== null && [...value].length > LONGEST) input.refuse('value', { id: 'v.max', values: { max: LONGEST } })
    input.settle()
    if ([...key].length > LONGEST) throw new AppError('not_found', 'dictionary.unknown')
    return value ?? ''
  }

  return new Elysia({ prefix: '/api/accounts/:id/dictionary' })
    .use(auth)
    .get('/', async ({ visit, params }) => json(await dictionary.all(await accountId(visit, params.id))), {
      requires: 'admin',
    })
    .delete('/', async ({ visit, params }) => json(await dictionary.remove(await accountId(visit, params.id))), {
      requires: 'admin',
    })
    .get(
      '/:key',
      async ({ visit, params }) => json({ value: await dictionary.one(await accountId(visit, params.id), params.key) }),
      { requires: 'admin' },
    )
    .post(
      '/:key',
      async ({ visit, params }) => {
        const account = await accountId(visit, params.id)
        const value = entryOf(visit, params.key)
        await dictionary.set(account, params.key, value)
        return json({ value }, 201)
      },
      { requires: 'admin', detail: accepts(NewEntry) },
    )
    .delete(
      '/:key',
      async ({ visit, params }) => json(await dictionary.remove(await accountId(visit, params.id), params.key)),
      { requires: 'admin' },
    )
}
