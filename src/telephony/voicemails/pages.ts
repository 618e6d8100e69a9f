import { Elysia } from 'elysia'
import type { Names } from '../../address-books/names/names.ts'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import { deletePage } from './delete-page.tsx'
import { callerOf } from './recordings.tsx'
import type { Voicemails } from './voicemails.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly voicemails: Voicemails
  readonly names: Names
}

const ROOT = '/telephony'

/** How a person deletes a message (behaviour/panel.md §4.10). */
export const voicemailPages = ({ auth, pages, voicemails, names }: Deps) =>
  new Elysia({ prefix: `${ROOT}/voicemails` })
    .use(auth)
    .use(pages)
    .get(
      '/:uuid/delete',
      async ({ caller, params, form }) => {
        const recording = await voicemails.recording(caller.id, params.uuid)
        const nameOf = await names.of(
          caller,
          [recording].flatMap((one) => callerOf(one) ?? []),
        )
        return form(deletePage, { recording, nameOf, root: ROOT })
      },
      { signedIn: 'account' },
    )
    .post(
      '/:uuid/delete',
      async ({ visit, caller, params, go }) => {
        await voicemails.remove(visit, caller, params.uuid)
        return go(ROOT, { flash: 'flash.voicemail_deleted' })
      },
      { signedIn: 'account' },
    )
