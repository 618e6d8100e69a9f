import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, form, integer, optional, queried, read, text } from '../../http/input.ts'
import { answers, done, refuses } from '../../http/output.ts'
import { envelopeSchema, paged, pageEnvelope, pageOf } from '../../http/pagination.ts'
import { idOf } from '../../http/path.ts'
import { json, secretJson } from '../../http/respond.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { NamedKeys } from './named-keys.ts'
import { ChangedApiKey, NewApiKey } from './rules.ts'
import { ApiKeySchema, keyWire, MadeApiKeySchema } from './wire.ts'

const PAGE_SIZE = 20
const LARGEST_PAGE = 100

/** Whatever is no page number means page 1, as in other lists. */
const ListedKeys = form({
  per_page: optional(integer(1, LARGEST_PAGE)),
  domain: optional(text({ max: 255 })),
  account_id: optional(integer(1)),
})

interface Deps {
  readonly auth: Auth
  readonly namedKeys: NamedKeys
  readonly config: Config
}

/** Keys of programs (behaviour/requests.md §5.2), for their owners and administrators. */
export const apiKeysApi = ({ auth, namedKeys, config }: Deps) => {
  const keyOf = (params: { readonly id: string }) => idOf(params.id, 'api_key.unknown')
  const change = async ({ visit, caller, params }: { visit: Visit; caller: Caller; params: { id: string } }) =>
    json(keyWire(await namedKeys.change(visit, caller, keyOf(params), read(ChangedApiKey, visit.input))))
  const changing = {
    requires: 'account',
    detail: {
      summary: 'Rename an API key, or limit it further',
      description: 'By either method what is left out stays. What would let the key do more takes a new key.',
      ...accepts(ChangedApiKey),
      ...answers(ApiKeySchema),
    },
  } as const

  return new Elysia({ prefix: '/api/api_keys', tags: ['API keys'] })
    .use(auth)
    .get(
      '/',
      async ({ visit, caller }) => {
        const { per_page, domain, account_id: accountId } = read(ListedKeys, visit.input).settle()
        const page = pageOf(visit.input.page)
        const perPage = per_page ?? PAGE_SIZE
        const shown = { from: (page - 1) * perPage, most: perPage }
        const { total, keys } = await namedKeys.list(caller, { domain, accountId }, shown)
        const path = `${visit.baseUrl()}${config.BASE_PATH}/api/api_keys`
        const kept = { per_page, domain, account_id: accountId }
        const data = keys.map(keyWire)
        return json(pageEnvelope({ data, total, page, perPage, kept, path, language: visit.language }))
      },
      {
        requires: 'account',
        detail: {
          summary: 'List API keys',
          description:
            "The caller's own; for an administrator all of the Space, for a super administrator of every Space. Ordered by id.",
          parameters: [
            ...paged.parameters,
            ...queried(ListedKeys, {
              per_page: 'How many keys a page has; 20 when it is left out.',
              domain: 'Only keys of accounts of this SIP domain.',
              account_id: 'Only keys of this account.',
            }),
          ],
          ...answers(envelopeSchema('ApiKeyPage', ApiKeySchema)),
        },
      },
    )
    .post(
      '/',
      async ({ visit, caller }) => {
        const { key, named } = await namedKeys.create(visit, caller, read(NewApiKey, visit.input))
        return secretJson({ ...keyWire(named), key }, 201)
      },
      {
        requires: 'account',
        detail: {
          summary: 'Make an API key with a name',
          description:
            'For the caller. `key` is shown this once. Without `scope` it may only read; without `networks` it works from everywhere. A named key makes no keys: 403.',
          ...accepts(NewApiKey),
          ...answers(MadeApiKeySchema, 201),
          ...refuses(409),
        },
      },
    )
    .get('/:id', async ({ caller, params }) => json(keyWire(await namedKeys.find(caller, keyOf(params)))), {
      requires: 'account',
      detail: { summary: 'Read what is known of an API key', ...answers(ApiKeySchema) },
    })
    .put('/:id', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .patch('/:id', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .delete(
      '/:id',
      async ({ visit, caller, params }) => {
        await namedKeys.revoke(visit, caller, keyOf(params))
        return json(1)
      },
      { requires: 'account', detail: { summary: 'Revoke an API key', ...answers(done()) } },
    )
}
