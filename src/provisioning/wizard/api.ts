import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, integer, read, text } from '../../http/input.ts'
import { answers, boolean, orNull, record } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import { NewWizard, type WizardLinks } from './wizard.ts'

const WizardLinkSchema = record('WizardLink', {
  token: text(),
  provisioning_account_id: orNull(integer(1)),
  sip: orNull(text()),
  linphone_action: orNull(text()),
  linphone_use_sips: orNull(boolean()),
  url: text(),
})

/** How administrators make links that open the app (behaviour/wizard.md §1). */
export const wizardApi = ({ auth, wizard }: { auth: Auth; wizard: WizardLinks }) =>
  new Elysia({ prefix: '/api/wizard', tags: ['Wizard'] }).use(auth).post(
    '/',
    async ({ visit, caller }) => {
      const made = await wizard.create(visit, caller, read(NewWizard, visit.input))
      return json(
        {
          token: made.token,
          provisioning_account_id: made.provisioningAccountId,
          sip: made.sip,
          linphone_action: made.linphoneAction,
          linphone_use_sips: made.linphoneUseSips,
          url: made.url,
        },
        201,
      )
    },
    {
      requires: { role: 'admin', scopes: ['provisioning'] },
      detail: {
        summary: 'Create a link that opens the app',
        description:
          'With an account the app is set up, too. `linphone_action` is what it does then; `call` needs `sip`.',
        ...accepts(NewWizard),
        ...answers(WizardLinkSchema, 201),
      },
    },
  )
