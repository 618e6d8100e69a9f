import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import { deletePage } from './delete-page.tsx'
import type { Voicemails } from './voicemails.ts'

const ROOT = '/telephony'

/** How a person deletes a message (behaviour/panel.md §4.10). */
export const voicemailPages = ({ auth, pages, voicemails }: { auth: Auth; pages: Pages; voicemails: Voicemails }) =>
  new Elysia({ prefix: `${ROOT}/voicemails` })
    .use(auth)
    .use(pages)
    .get(
      '/:uuid/delete',
      async ({ caller, params, form }) =>
        form(deletePage, { recording: await voicemails.recording(caller.id, params.uuid), root: ROOT }),
      { signedIn: 'account' },
    )
    .post(
      '/:uuid/delete',
      async ({ caller, params, go }) => {
        await voicemails.remove(caller.id, params.uuid)
        return go(ROOT, { flash: 'flash.voicemail_deleted' })
      },
      { signedIn: 'account' },
    )
