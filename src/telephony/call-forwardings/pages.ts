import { Elysia } from 'elysia'
import type { Contacts } from '../../address-books/contacts/contacts.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import type { Members } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { Place, Subject } from '../place/place.ts'
import { type CallForwardings, ChangedForwarding, NewForwarding, TurnedForwarding, TYPES } from './call-forwardings.ts'
import { factsOf, forwardingPage, newForwardingPage, removeForwardingPage } from './forwarding-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly callForwardings: CallForwardings
  readonly contacts: Contacts
}

const ruleOf = ({ forwarding_id: id }: { readonly forwarding_id: string }) => idOf(id, 'forwarding.unknown')

/** As a form says it: a box that is not ticked is not sent, and people leave out `sip:`. */
const asMeant = (input: Members): Members => {
  const uri = textOf(input.sip_uri)
  const isBare = uri.includes('@') && !/^sips?:/i.test(uri)
  return { ...input, enabled: input.enabled ?? '0', ...(isBare ? { sip_uri: `sip:${uri}` } : {}) }
}

/** The rules of call forwarding of an account (behaviour/panel.md §4.10). */
export const callForwardingPages = ({ auth, pages, callForwardings, contacts }: Deps, place: Place) => {
  const { signedIn } = place
  const aboutNew = (subject: Subject) => async () => {
    const taken = (await callForwardings.list(subject.account)).map(({ type }) => type)
    const free = TYPES.filter((type) => !taken.includes(type))
    return { ...subject, free, contacts: await contacts.addressBook(subject.account) }
  }
  const about = (subject: Subject, id: number) => async () => ({
    ...subject,
    rule: await callForwardings.one(subject.account, id),
    contacts: await contacts.addressBook(subject.account),
  })

  return new Elysia({ prefix: `${place.prefix}/forwardings` })
    .use(auth)
    .use(pages)
    .get(
      '/create',
      async ({ visit, caller, params, form, go }) => {
        const facts = await aboutNew(await place.of({ visit, caller, params }))()
        return facts.free.length === 0 ? go(facts.root) : form(newForwardingPage, facts)
      },
      { signedIn },
    )
    .post(
      '/',
      async ({ visit, caller, params, input, form, go }) => {
        const subject = await place.of({ visit, caller, params })
        return form(newForwardingPage, aboutNew(subject), async () => {
          await callForwardings.create(subject.visit, subject.account, read(NewForwarding, asMeant(input)))
          return go(subject.root, { flash: 'flash.forwarding_saved' })
        })
      },
      { signedIn },
    )
    .get(
      '/:forwarding_id',
      async ({ visit, caller, params, form }) =>
        form(forwardingPage, about(await place.of({ visit, caller, params }), ruleOf(params))),
      { signedIn },
    )
    .post(
      '/:forwarding_id',
      async ({ visit, caller, params, input, form, go }) => {
        const subject = await place.of({ visit, caller, params })
        return form(forwardingPage, about(subject, ruleOf(params)), async () => {
          const wanted = read(ChangedForwarding, asMeant(input))
          await callForwardings.change(subject.visit, subject.account, ruleOf(params), wanted, {
            refuseStale: (before) => refuseStale(input.version, factsOf(before)),
          })
          return go(subject.root, { flash: 'flash.forwarding_saved' })
        })
      },
      { signedIn },
    )
    .post(
      '/:forwarding_id/turn',
      async ({ visit, caller, params, input, form, go }) => {
        const subject = await place.of({ visit, caller, params })
        return form(forwardingPage, about(subject, ruleOf(params)), async () => {
          await callForwardings.turn(subject.visit, subject.account, ruleOf(params), read(TurnedForwarding, input))
          return go(subject.root, { flash: 'flash.forwarding_saved' })
        })
      },
      { signedIn },
    )
    .get(
      '/:forwarding_id/delete',
      async ({ visit, caller, params, form }) => {
        const subject = await place.of({ visit, caller, params })
        return form(removeForwardingPage, {
          ...subject,
          rule: await callForwardings.one(subject.account, ruleOf(params)),
        })
      },
      { signedIn },
    )
    .post(
      '/:forwarding_id/delete',
      async ({ visit, caller, params, go }) => {
        const subject = await place.of({ visit, caller, params })
        await callForwardings.remove(subject.visit, subject.account, ruleOf(params))
        return go(subject.root, { flash: 'flash.forwarding_removed' })
      },
      { signedIn },
    )
}
