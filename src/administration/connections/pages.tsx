import { Elysia } from 'elysia'
import type { CarddavCredentials } from '../../address-books/carddav-credentials/carddav-credentials.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import { MailFailure } from '../../mail/failure.ts'
import type { Mail } from '../../mail/mail.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import type { Pages } from '../../panel/pages.ts'
import { CarddavServerForm, type CarddavServers } from '../../spaces/carddav-servers/carddav-servers.ts'
import { EmailServer, type SpaceEmailServers } from '../../spaces/space-email-servers/space-email-servers.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { spacePath } from '../space/head.tsx'
import { bookFactsOf, carddavPage, removeCarddavPage } from './carddav-page.tsx'
import { emailPage, type Mailing, removeEmailPage, serverFactsOf, testFailedPage } from './email-page.tsx'
import { integrationPage } from './integration-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly spaceEmailServers: SpaceEmailServers
  readonly carddavServers: CarddavServers
  readonly carddavCredentials: CarddavCredentials
  readonly mail: Pick<Mail, 'canSend' | 'sendTest'>
  readonly config: Config
}

/** A field that is left empty keeps the password; where nobody signs in, there is none. */
const serverOf = (input: Members) => {
  const { password, ...rest } = input
  const kept = password === null || password === undefined ? {} : { password }
  const said = (rest.username ?? null) === null ? { password: null } : kept
  return read(EmailServer, { ...rest, ...said, verify_certificate: input.verify_certificate ?? '0' })
}

/** Lists may be typed with blanks after their commas. */
const listOf = (value: unknown): unknown => (typeof value === 'string' ? value.replace(/\s*,\s*/g, ',') : value)

const bookOf = (input: Members) =>
  read(CarddavServerForm, {
    ...input,
    enabled: input.enabled ?? '0',
    use_exact_match_policy: input.use_exact_match_policy ?? '0',
    fields_for_user_input: listOf(input.fields_for_user_input),
    fields_for_domain: listOf(input.fields_for_domain),
  })

/** What a Space is connected to: a mail server, address books (behaviour/panel.md §7.17). */
export const connectionPages = (deps: Deps) => {
  const { auth, pages, scope, spaceEmailServers, carddavServers, carddavCredentials, mail, config } = deps

  const administering = async (visit: Visit, caller: Caller, at: string) => {
    const inside = await scope.space(visit, caller, at)
    return { visit: inside, facts: { space: inside.space, at, isSuper: mayActAs(caller, 'super') } }
  }

  const addressOf = async (visit: Visit, caller: Caller): Promise<string | null> =>
    (await scope.account(visit, caller, String(caller.id))).account.email

  const mailing = async (visit: Visit, caller: Caller, at: string): Promise<Mailing> => {
    const { facts } = await administering(visit, caller, at)
    return {
      ...facts,
      server: await spaceEmailServers.find(facts.space),
      own: await addressOf(visit, caller),
      verifies: config.MAIL_VERIFY_PEER && !config.MAIL_ALLOW_SELF_SIGNED,
    }
  }

  const withBook = async (visit: Visit, caller: Caller, at: string, id: string) => {
    const { visit: inside, facts } = await administering(visit, caller, at)
    const server = await carddavServers.byId(facts.space.domain, idOf(id, 'carddav.unknown'))
    return { visit: inside, facts: { ...facts, server } }
  }

  return new Elysia({ prefix: '/admin/spaces/:space' })
    .use(auth)
    .use(pages)
    .get(
      '/integration',
      async ({ visit, caller, params, show }) => {
        const { facts } = await administering(visit, caller, params.space)
        return show(integrationPage, {
          ...facts,
          server: await spaceEmailServers.find(facts.space),
          canMail: await mail.canSend(facts.space.id),
          credentials: await carddavCredentials.countByServer(facts.space),
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/email',
      async ({ visit, caller, params, form }) => form(emailPage, await mailing(visit, caller, params.space)),
      {
        signedIn: 'admin',
      },
    )
    .post(
      '/email',
      async ({ visit, caller, params, input, form, go }) => {
        const { visit: inside, facts } = await administering(visit, caller, params.space)
        return form(
          emailPage,
          () => mailing(visit, caller, params.space),
          async () => {
            await spaceEmailServers.set(inside, facts.space.domain, serverOf(input), {
              refuseStale: (before) => refuseStale(input.version, serverFactsOf(before)),
            })
            return go(spacePath(params.space, '/email'), { flash: 'flash.email_server_saved' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .post(
      '/email/test',
      async ({ visit, caller, params, show, go }) => {
        const { facts } = await administering(visit, caller, params.space)
        const recipient = await addressOf(visit, caller)
        const path = spacePath(params.space, '/email')
        // What the server of the instance says is for its operator.
        if (recipient === null || (await spaceEmailServers.find(facts.space)) === null) return go(path)
        const spoken: string[] = []
        try {
          await mail.sendTest({ recipient, spaceId: facts.space.id, language: visit.language }, spoken)
        } catch (error) {
          if (!(error instanceof MailFailure)) throw error
          return show(testFailedPage, { ...facts, failure: error, spoken })
        }
        return go(path, { flash: 'flash.test_mail_sent' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/email/delete',
      async ({ visit, caller, params, form }) => {
        const { facts } = await administering(visit, caller, params.space)
        return form(removeEmailPage, { ...facts, server: await spaceEmailServers.ofDomain(facts.space.domain) })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/email/delete',
      async ({ visit, caller, params, go }) => {
        const { visit: inside, facts } = await administering(visit, caller, params.space)
        await spaceEmailServers.remove(inside, facts.space.domain)
        return go(spacePath(params.space, '/integration'), { flash: 'flash.email_server_removed' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/carddavs/create',
      async ({ visit, caller, params, form }) => {
        const { facts } = await administering(visit, caller, params.space)
        return form(carddavPage, { ...facts, server: null })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/carddavs',
      async ({ visit, caller, params, input, form, go }) => {
        const { visit: inside, facts } = await administering(visit, caller, params.space)
        return form(carddavPage, { ...facts, server: null }, async () => {
          await carddavServers.add(inside, facts.space.domain, bookOf(input))
          return go(spacePath(params.space, '/integration'), { flash: 'flash.carddav_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/carddavs/:carddav_id/edit',
      async ({ visit, caller, params, form }) =>
        form(carddavPage, (await withBook(visit, caller, params.space, params.carddav_id)).facts),
      { signedIn: 'admin' },
    )
    .post(
      '/carddavs/:carddav_id',
      async ({ visit, caller, params, input, form, go }) => {
        const { visit: inside, facts } = await withBook(visit, caller, params.space, params.carddav_id)
        const { space, server } = facts
        return form(
          carddavPage,
          async () => (await withBook(visit, caller, params.space, params.carddav_id)).facts,
          async () => {
            await carddavServers.change(inside, space.domain, server.id, bookOf(input), {
              refuseStale: (before) => refuseStale(input.version, bookFactsOf(before)),
            })
            return go(spacePath(params.space, '/integration'), { flash: 'flash.carddav_saved' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      '/carddavs/:carddav_id/delete',
      async ({ visit, caller, params, form }) => {
        const { facts } = await withBook(visit, caller, params.space, params.carddav_id)
        const accounts = (await carddavCredentials.countByServer(facts.space)).get(facts.server.id) ?? 0
        return form(removeCarddavPage, { ...facts, accounts })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/carddavs/:carddav_id/delete',
      async ({ visit, caller, params, go }) => {
        const { visit: inside, facts } = await withBook(visit, caller, params.space, params.carddav_id)
        await carddavServers.remove(inside, facts.space.domain, facts.server.id)
        return go(spacePath(params.space, '/integration'), { flash: 'flash.carddav_removed' })
      },
      { signedIn: 'admin' },
    )
}
