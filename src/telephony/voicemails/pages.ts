import { Elysia } from 'elysia'
import type { Names } from '../../address-books/names/names.ts'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import type { Place } from '../place/place.ts'
import { deletePage } from './delete-page.tsx'
import { callerOf } from './recordings.tsx'
import type { Voicemails } from './voicemails.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly voicemails: Voicemails
  readonly names: Names
}

/** How a message of an account is deleted (behaviour/panel.md §4.10). */
export const voicemailPages = ({ auth, pages, voicemails, names }: Deps, place: Place) => {
  const { signedIn } = place
  return new Elysia({ prefix: `${place.prefix}/voicemails` })
    .use(auth)
    .use(pages)
    .get(
      '/:uuid/delete',
      async ({ visit, caller, params, form }) => {
        const subject = await place.of({ visit, caller, params })
        const recording = await voicemails.recording(subject.account.id, params.uuid)
        const nameOf = await names.of(
          subject.account,
          [recording].flatMap((one) => callerOf(one) ?? []),
        )
        return form(deletePage, { ...subject, recording, nameOf })
      },
      { signedIn },
    )
    .post(
      '/:uuid/delete',
      async ({ visit, caller, params, go }) => {
        const subject = await place.of({ visit, caller, params })
        await voicemails.remove(subject.visit, subject.account, params.uuid)
        return go(subject.root, { flash: 'flash.voicemail_deleted' })
      },
      { signedIn },
    )
}
