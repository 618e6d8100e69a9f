import { Elysia } from 'elysia'
import type { Owner } from '../../accounts/accounts/accounts.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { answers, done, listOf } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Caller, Role } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type CallForwarding, type CallForwardings, ChangedForwarding, NewForwarding } from './call-forwardings.ts'
import { CallForwardingSchema, callForwardingWire } from './wire.ts'

interface Asked {
  readonly visit: Visit
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
}

const ruleOf = (params: { readonly forwarding_id: string }) => idOf(params.forwarding_id, 'forwarding.unknown')

const shown = async (rule: Promise<CallForwarding>, status = 200) => json(callForwardingWire(await rule), status)

/** Call forwarding (behaviour/telephony.md §7): the same routes for an account and for its administrators. */
export const callForwardingsApi = ({ auth, callForwardings }: { auth: Auth; callForwardings: CallForwardings }) => {
  const routes = (prefix: string, requires: Role, ownerOf: (asked: Asked) => Owner | Promise<Owner>) => {
    const change = async (asked: Asked & { readonly params: { readonly forwarding_id: string } }) => {
      const { visit, params } = asked
      const owner = await ownerOf(asked)
      return shown(callForwardings.change(visit, owner, ruleOf(params), read(ChangedForwarding, visit.input)))
    }
    const of = `of ${requires === 'account' ? 'the caller' : 'an account'}`
    const changing = {
      requires,
      detail: {
        summary: `Change a call forwarding ${of}`,
        description: 'By either method all of it but `type`, which stays as it is.',
        ...accepts(ChangedForwarding),
        ...answers(CallForwardingSchema),
      },
    }
    return new Elysia({ prefix, tags: ['Call forwarding'] })
      .use(auth)
      .get(
        '/',
        async ({ visit, caller, params }) => {
          const rules = await callForwardings.list(await ownerOf({ visit, caller, params }))
          return json(rules.map((rule) => callForwardingWire(rule)))
        },
        {
          requires,
          detail: {
            summary: `List the call forwardings ${of}`,
            description: 'The newest first.',
            ...answers(listOf(CallForwardingSchema)),
          },
        },
      )
      .post(
        '/',
        async ({ visit, caller, params }) => {
          const owner = await ownerOf({ visit, caller, params })
          return shown(callForwardings.create(visit, owner, read(NewForwarding, visit.input)), 201)
        },
        {
          requires,
          detail: {
            summary: `Create a call forwarding ${of}`,
            description:
              'One of each type; `always` is not enabled while another one is. `sip_uri` and `contact_id` are required where `forward_to` says so.',
            ...accepts(NewForwarding),
            ...answers(CallForwardingSchema, 201),
          },
        },
      )
      .get(
        '/:forwarding_id',
        async ({ visit, caller, params }) =>
          shown(callForwardings.one(await ownerOf({ visit, caller, params }), ruleOf(params))),
        { requires, detail: { summary: `Read a call forwarding ${of}`, ...answers(CallForwardingSchema) } },
      )
      .put('/:forwarding_id', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
      .patch('/:forwarding_id', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
      .delete(
        '/:forwarding_id',
        async ({ visit, caller, params }) => {
          await callForwardings.remove(visit, await ownerOf({ visit, caller, params }), ruleOf(params))
          return json(1)
        },
        { requires, detail: { summary: `Delete a call forwarding ${of}`, ...answers(done()) } },
      )
  }
  return new Elysia()
    .use(routes('/api/accounts/me/call_forwardings', 'account', ({ caller }) => caller))
    .use(
      routes('/api/accounts/:id/call_forwardings', 'admin', ({ visit, params }) =>
        callForwardings.ownerOf(visit.space, idOf(params.id ?? '')),
      ),
    )
}
