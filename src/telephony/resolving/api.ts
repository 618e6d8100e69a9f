import { Elysia } from 'elysia'
import { AccountSchema, type AccountWire } from '../../accounts/accounts/wire.ts'
import type { Auth } from '../../http/auth.ts'
import { choice } from '../../http/input.ts'
import { answers, having, listOf, named, object, record } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import type { Caller } from '../../nouns/caller.ts'
import { CallForwardingSchema, callForwardingWire } from '../call-forwardings/wire.ts'
import type { Resolved, Resolving } from './resolving.ts'

const FoundAccountSchema = having(
  record('FoundAccount', { ...AccountSchema.properties, call_forwardings: listOf(CallForwardingSchema) }),
  'passwords',
)

/** What a SIP proxy asks. */
const ASKING = { role: 'admin', scopes: ['read', 'telephony'] } as const

interface Deps {
  readonly auth: Auth
  readonly resolving: Resolving
  readonly wire: AccountWire
}

/** What Flexisip asks to route a call (behaviour/telephony.md §8), and the same account by its e-mail address. */
export const resolvingApi = ({ auth, resolving, wire }: Deps) => {
  /** In the words of the Space's Flexisip (D23). */
  const toProxy = (caller: Caller, { account, space, callForwardings }: Resolved) =>
    Object.assign(wire.to(caller).own(account, space), {
      call_forwardings: callForwardings.map((rule) => callForwardingWire(rule, space.callForwardingNoAnswerWire)),
    })
  return new Elysia({ prefix: '/api' })
    .use(auth)
    .get(
      '/accounts/:id/search',
      async ({ visit, caller, params }) => json(toProxy(caller, await resolving.bySip(visit, caller, params.id))),
      {
        requires: ASKING,
        detail: {
          tags: ['Accounts'],
          summary: 'Find an account by its SIP address',
          description: 'The user name in any case. The key of a super administrator finds accounts of every Space.',
          ...named({ id: 'sip' }),
          ...answers(FoundAccountSchema),
        },
      },
    )
    .get(
      '/accounts/:id/search-by-email',
      async ({ visit, caller, params }) => {
        const { account, space, callForwardings } = await resolving.byEmail(visit.space, params.id)
        const rules = callForwardings.map((rule) => callForwardingWire(rule))
        return json({ ...wire.to(caller).own(account, space), call_forwardings: rules })
      },
      {
        requires: 'admin',
        detail: {
          tags: ['Accounts'],
          summary: 'Find an account by its e-mail address',
          ...named({ id: 'email' }),
          ...answers(FoundAccountSchema),
        },
      },
    )
    .get(
      '/resolve/:sip',
      async ({ visit, caller, params }) =>
        json({ type: 'account', payload: toProxy(caller, await resolving.bySip(visit, caller, params.sip)) }),
      {
        requires: ASKING,
        detail: {
          tags: ['Resolving'],
          summary: 'Find whom a call is for',
          description:
            'What Flexisip asks to route a call. The user name in any case; the key of a super administrator finds accounts of every Space.',
          ...answers(object({ type: choice(['account']), payload: FoundAccountSchema })),
        },
      },
    )
}
