import { Elysia } from 'elysia'
import type { Contacts } from '../../address-books/contacts/contacts.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Members } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { type CallForwardings, ChangedForwarding, NewForwarding, TurnedForwarding, TYPES } from './call-forwardings.ts'
import { forwardingPage, newForwardingPage } from './forwarding-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly callForwardings: CallForwardings
  readonly contacts: Contacts
}

const ROOT = '/telephony'

const ruleId = ({ id }: { readonly id: string }) => idOf(id, 'forwarding.unknown')

/** As a form says it: a box that is not ticked is not sent, and people leave out `sip:`. */
const asMeant = (input: Members): Members => {
  const uri = textOf(input.sip_uri)
  const isBare = uri.includes('@') && !/^sips?:/i.test(uri)
  return { ...input, enabled: input.enabled ?? '0', ...(isBare ? { sip_uri: `sip:${uri}` } : {}) }
}

/** An account's own rules of call forwarding (behaviour/panel.md §4.10). */
export const callForwardingPages = ({ auth, pages, callForwardings, contacts }: Deps) => {
  const aboutNew = (caller: Caller) => async () => {
    const taken = (await callForwardings.list(caller)).map(({ type }) => type)
    const free = TYPES.filter((type) => !taken.includes(type))
    return { free, contacts: await contacts.addressBook(caller), root: ROOT }
  }
  const about = (caller: Caller, id: number) => async () => ({
    rule: await callForwardings.one(caller, id),
    contacts: await contacts.addressBook(caller),
    root: ROOT,
  })

  return new Elysia({ prefix: `${ROOT}/forwardings` })
    .use(auth)
    .use(pages)
    .get(
      '/create',
      async ({ caller, form, go }) => {
        const facts = await aboutNew(caller)()
        return facts.free.length === 0 ? go(ROOT) : form(newForwardingPage, facts)
      },
      { signedIn: 'account' },
    )
    .post(
      '/',
      ({ visit, caller, input, form, go }) =>
        form(newForwardingPage, aboutNew(caller), async () => {
          await callForwardings.create(visit, caller, read(NewForwarding, asMeant(input)))
          return go(ROOT, { flash: 'flash.forwarding_saved' })
        }),
      { signedIn: 'account' },
    )
    .get('/:id', ({ caller, params, form }) => form(forwardingPage, about(caller, ruleId(params))), {
      signedIn: 'account',
    })
    .post(
      '/:id',
      ({ visit, caller, params, input, form, go }) =>
        form(forwardingPage, about(caller, ruleId(params)), async () => {
          await callForwardings.change(visit, caller, ruleId(params), read(ChangedForwarding, asMeant(input)))
          return go(ROOT, { flash: 'flash.forwarding_saved' })
        }),
      { signedIn: 'account' },
    )
    .post(
      '/:id/turn',
      ({ visit, caller, params, input, form, go }) =>
        form(forwardingPage, about(caller, ruleId(params)), async () => {
          await callForwardings.turn(visit, caller, ruleId(params), read(TurnedForwarding, input))
          return go(ROOT, { flash: 'flash.forwarding_saved' })
        }),
      { signedIn: 'account' },
    )
    .post(
      '/:id/delete',
      async ({ visit, caller, params, go }) => {
        await callForwardings.remove(visit, caller, ruleId(params))
        return go(ROOT, { flash: 'flash.forwarding_removed' })
      },
      { signedIn: 'account' },
    )
}
