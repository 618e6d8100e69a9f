import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { form as formOf, optional, read, text } from '../../http/input.ts'
import { refuseStale } from '../../http/version.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { AdministeredSpace } from '../../nouns/space.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import type { Pages } from '../../panel/pages.ts'
import { USUAL_HUE } from '../../panel/theme.ts'
import type { SignIn } from '../../self-service/sign-in/sign-in.ts'
import { type Branding, MOST_SENT_BYTES, takePicture } from '../../spaces/branding/branding.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import type { SpacesFigures } from '../../spaces/spaces/figures.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { administrationPage, type Ruling } from './administration-page.tsx'
import { appsPage } from './apps-page.tsx'
import { type Configuring, configurationPage } from './configuration-page.tsx'
import { digestPage, type Storing } from './digest-page.tsx'
import { spacePath } from './head.tsx'
import { wantedHue } from './hue.ts'
import { ADMINISTRATION, APPS, appsOf, CONFIGURATION, DIGEST, factsOf, partOf } from './parts.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly branding: Branding
  readonly passwords: Passwords
  readonly signIn: SignIn
  readonly spaceAdministration: SpaceAdministration
  readonly spaceFigures: SpacesFigures
  readonly config: Config
}

const CurrentPassword = formOf({ current_password: optional(text({ numbers: true })) })

/** Of provisioning entries and other texts. One that is longer is told so. */
const LONGEST_TEXT = 65_536

/** Where more are, the question which of them have an old password takes too long for a page. */
const MOST_LOOKED_AT = 50_000

/** The settings of a Space (behaviour/panel.md §7.15). */
export const spacePages = (deps: Deps) => {
  const { auth, pages, scope, accounts, branding, passwords, signIn, spaceAdministration, spaceFigures, config } = deps

  /** The Space that the address names, whole, and the visit in it. */
  const administering = async (visit: Visit, caller: Caller, at: string) => {
    const inside = await scope.space(visit, caller, at)
    const space: AdministeredSpace = await spaceAdministration.byDomain(inside.space.domain)
    return { visit: inside, facts: { space, at, isSuper: mayActAs(caller, 'super') } }
  }

  const configuring = async (visit: Visit, caller: Caller, at: string): Promise<Configuring> => ({
    ...(await administering(visit, caller, at)).facts,
    sendsSms: config.SMS_PROVIDER.some((name) => name !== 'none'),
  })

  /** What the form says is saved with its logo, or nothing is. */
  const configure = async (visit: Visit, caller: Caller, at: string, picture: Uint8Array | null): Promise<void> => {
    const { input } = visit
    const { visit: inside, facts } = await administering(visit, caller, at)
    const { space } = facts
    const hue = wantedHue(input, space.themeHue ?? USUAL_HUE)
    const wanted = partOf({ ...input, theme_hue: hue }, CONFIGURATION)
    const write = async (more: { readonly logo?: string | null }) => {
      let before: string | null = null
      await spaceAdministration.adjust(inside, caller, space.domain, wanted, {
        ...more,
        refuseStale: (held) => {
          before = held.logo
          refuseStale(input.version, factsOf(held, CONFIGURATION))
        },
      })
      return { before }
    }
    if (picture === null && input.logo_delete !== '1') await write({})
    else await branding.replace(space, picture, (logo) => write({ logo }))
  }

  const ruling = async (visit: Visit, caller: Caller, session: Session, at: string): Promise<Ruling> => {
    const { facts } = await administering(visit, caller, at)
    return {
      ...facts,
      accounts: await accounts.count(facts.space),
      asksForCurrent: !signIn.isRecent(session),
      isUniqueAnyway: config.ACCOUNT_EMAIL_UNIQUE,
      isOwn: facts.space.id === caller.space.id,
    }
  }

  const storing = async (visit: Visit, caller: Caller, at: string): Promise<Storing> => {
    const { facts } = await administering(visit, caller, at)
    const count = await accounts.count(facts.space)
    const md5Only = count > MOST_LOOKED_AT ? 0 : await spaceFigures.md5Only(facts.space)
    return { ...facts, accounts: count, md5Only }
  }

  /** Whoever makes, or unmakes, super administrators proves once more who they are, if their sign-in is long ago. */
  const proveFor = async (changesRole: boolean, visit: Visit, caller: Caller, session: Session, input: Members) => {
    if (!changesRole || signIn.isRecent(session)) return
    await passwords.prove(visit, caller, read(CurrentPassword, input), 'current_password')
  }

  return new Elysia({ prefix: '/admin/spaces/:space' })
    .use(auth)
    .use(pages)
    .get(
      '/configuration',
      async ({ visit, caller, params, form }) =>
        form(configurationPage, await configuring(visit, caller, params.space)),
      { signedIn: 'admin' },
    )
    .post(
      '/configuration',
      ({ visit, caller, params, upload, form, go }) =>
        form(
          configurationPage,
          () => configuring(visit, caller, params.space),
          async () => {
            const sent = { part: 'logo', longest: LONGEST_TEXT }
            const picture = await takePicture((begin) => upload(MOST_SENT_BYTES, begin, sent))
            await configure(visit, caller, params.space, picture)
            return go(spacePath(params.space, '/configuration'), { flash: 'flash.space_saved' })
          },
        ),
      { signedIn: { role: 'admin', upload: true } },
    )
    .get(
      '/digest',
      async ({ visit, caller, params, form }) => form(digestPage, await storing(visit, caller, params.space)),
      {
        signedIn: 'admin',
      },
    )
    .post(
      '/digest',
      async ({ visit, caller, params, input, form, go }) => {
        const { visit: inside, facts } = await administering(visit, caller, params.space)
        return form(
          digestPage,
          () => storing(visit, caller, params.space),
          async () => {
            await spaceAdministration.adjust(inside, caller, facts.space.domain, partOf(input, DIGEST), {
              refuseStale: (before) => refuseStale(input.version, factsOf(before, DIGEST)),
            })
            return go(spacePath(params.space, '/integration'), { flash: 'flash.space_saved' })
          },
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      '/administration',
      async ({ visit, caller, session, params, form }) =>
        form(administrationPage, await ruling(visit, caller, session, params.space)),
      { signedIn: 'super' },
    )
    .post(
      '/administration',
      async ({ visit, caller, session, params, input, form, go }) => {
        const { visit: inside, facts } = await administering(visit, caller, params.space)
        return form(
          administrationPage,
          () => ruling(visit, caller, session, params.space),
          async () => {
            await proveFor((input.super === '1') !== facts.space.super, visit, caller, session, input)
            await spaceAdministration.adjust(inside, caller, facts.space.domain, partOf(input, ADMINISTRATION), {
              refuseStale: (before) => refuseStale(input.version, factsOf(before, ADMINISTRATION)),
            })
            return go(spacePath(params.space, '/administration'), { flash: 'flash.space_saved' })
          },
        )
      },
      { signedIn: 'super' },
    )
    .get(
      '/edit',
      async ({ visit, caller, params, form }) =>
        form(appsPage, (await administering(visit, caller, params.space)).facts),
      { signedIn: 'super' },
    )
    .post(
      '/edit',
      async ({ visit, caller, params, input, form, go }) => {
        const { visit: inside, facts } = await administering(visit, caller, params.space)
        return form(
          appsPage,
          async () => (await administering(visit, caller, params.space)).facts,
          async () => {
            await spaceAdministration.adjust(inside, caller, facts.space.domain, appsOf(input), {
              refuseStale: (before) => refuseStale(input.version, factsOf(before, APPS)),
            })
            return go(spacePath(params.space, '/edit'), { flash: 'flash.space_saved' })
          },
        )
      },
      { signedIn: 'super' },
    )
}
