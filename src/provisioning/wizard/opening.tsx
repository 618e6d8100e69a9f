import type { MessageId } from '../../messages/messages.ts'
import type { Kit } from '../../panel/kit.tsx'
import { type Errand, shownSip } from './link.ts'

/** What a page that opens the app loads. */
export const SCRIPT = 'open-app.js'

export const titleOf = ({ action }: Errand, setsUp: boolean): MessageId =>
  action === 'call' ? 'wizard.title_call' : setsUp ? 'wizard.title_setup' : 'wizard.title_open'

/** Whom the app calls. */
export const calls = ({ t }: Kit, { action, sip }: Errand): string | undefined =>
  action === 'call' && sip !== null ? t('wizard.calls', { sip: shownSip(sip) }) : undefined
