import { Elysia } from 'elysia'
import {
  type AccountFiles,
  type Choices,
  download,
  FORMATS,
  SAMPLE_FILE,
} from '../../accounts/account-files/account-files.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { Auth } from '../../http/auth.ts'
import { choice, form as formOf, optional, read, text } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import { EVERYWHERE, listed, soughtOf } from '../accounts-list/rules.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import { EXPORT, exportPage } from './export-page.tsx'
import { IMPORT, importPage, SAMPLE } from './import-page.tsx'
import { previewPage } from './preview-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accountFiles: AccountFiles
  readonly accounts: Pick<Accounts, 'list'>
  readonly passwords: Passwords
  readonly spaceAdministration: SpaceAdministration
  readonly longReplies: LongReplies
  readonly mail: { canSend(spaceId: number): Promise<boolean> }
}

const WantedFile = formOf({
  format: choice(FORMATS),
  hashes: optional(text()),
  current_password: optional(text({ numbers: true })),
})

const choicesIn = (input: Members): Choices => ({
  skipFaulty: input.skip_faulty === '1',
  mails: input.send_mails === '1',
})

/** Accounts from a file and into one (behaviour/panel.md §7.11). */
export const accountFilePages = (deps: Deps) => {
  const { auth, pages, scope, accountFiles, accounts, passwords, spaceAdministration, longReplies, mail } = deps

  const targetOf = (visit: Visit, caller: Caller, domain: unknown): Promise<Visit> =>
    scope.domain(visit, caller, textOf(domain) || caller.space.domain)

  const uploading = async (caller: Caller, input: Members) => ({
    domain: textOf(input.domain) || caller.space.domain,
    domains: mayActAs(caller, 'super') ? (await spaceAdministration.list()).map(({ domain }) => domain).toSorted() : [],
    limits: accountFiles.limits,
  })

  /** In the Space for which the file was sent. */
  const placeOf = async (visit: Visit, caller: Caller, name: string): Promise<Visit> => {
    const { spaceId } = await accountFiles.find(caller, name)
    return scope.space(visit, caller, String(spaceId))
  }

  const previewed = async (visit: Visit, caller: Caller, name: string) => {
    const place = await placeOf(visit, caller, name)
    const { space } = place
    const preview = await accountFiles.preview(place, caller, name)
    return { ...preview, domain: space.domain, canMail: await mail.canSend(space.id) }
  }

  /** Which accounts: those that the list shows, with its filters. A file is of one Space. */
  const exporting = async (visit: Visit, caller: Caller, input: Members) => {
    const listing = listed({ ...input, domain: input.domain === EVERYWHERE ? '' : input.domain }, EXPORT)
    const place = await targetOf(visit, caller, listing.chosen.domain)
    const sought = soughtOf(listing)
    const isAll = Object.values(sought).every((value) => value === null)
    const wanted = { page: 1, perPage: 1, sought, by: 'id', isDescending: false } as const
    const { total, isMore } = await accounts.list({ space: place.space }, wanted)
    return { place, domain: place.space.domain, listing, accounts: total, isMore, isAll, sought }
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      SAMPLE,
      () =>
        new Response(SAMPLE_FILE, {
          headers: { 'content-type': 'text/csv; charset=utf-8', 'cache-control': 'no-cache' },
        }),
      { open: true, standing: true },
    )
    .get(IMPORT, ({ caller, input, form }) => form(importPage, () => uploading(caller, input)), { signedIn: 'admin' })
    .post(
      IMPORT,
      ({ visit, caller, upload, form, go }) =>
        form(
          importPage,
          () => uploading(caller, visit.input),
          async () => {
            const { bytes } = accountFiles.limits
            const name = await accountFiles.stage(
              (fields) => targetOf(visit, caller, fields.get('domain')),
              caller,
              (begin) => upload(bytes, begin),
            )
            return go(`${IMPORT}/${name}`)
          },
        ),
      { signedIn: { role: 'admin', upload: true } },
    )
    .post(
      `${IMPORT}/handle`,
      async ({ visit, caller, input, form, go }) => {
        const name = textOf(input.import)
        const place = await placeOf(visit, caller, name)
        return form(
          previewPage,
          () => previewed(visit, caller, name),
          async () => go(`/admin/tasks/${await accountFiles.begin(place, caller, name, choicesIn(input))}`),
        )
      },
      { signedIn: 'admin' },
    )
    .get(
      `${IMPORT}/:import`,
      ({ visit, caller, params, form }) => form(previewPage, () => previewed(visit, caller, params.import)),
      { signedIn: 'admin' },
    )
    .get(
      `${IMPORT}/:import/faults`,
      async ({ visit, caller, params }) => {
        const found = await accountFiles.find(caller, params.import)
        return longReplies.send(caller, accountFiles.report(visit.language, found), download('csv', 'faults'))
      },
      { signedIn: 'admin' },
    )
    .get(EXPORT, ({ visit, caller, input, form }) => form(exportPage, () => exporting(visit, caller, input)), {
      signedIn: 'admin',
    })
    .post(
      EXPORT,
      ({ visit, caller, input, form }) =>
        form(
          exportPage,
          () => exporting(visit, caller, input),
          async () => {
            const { place, isAll, sought } = await exporting(visit, caller, input)
            const asked = read(WantedFile, input)
            const { format, hashes } = asked.settle()
            await passwords.prove(visit, caller, asked, 'current_password')
            const pieces = accountFiles.export(place, {
              format,
              hashes: hashes === '1',
              ...(isAll ? {} : { sought }),
            })
            return longReplies.send(caller, pieces, download(format, `${place.space.domain}-accounts`))
          },
        ),
      { signedIn: 'admin' },
    )
}
