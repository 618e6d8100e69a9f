import type { VNode } from 'preact'
import type { MessageId } from '../../messages/messages.ts'
import type { Visit } from '../../nouns/visit.ts'
import { texts } from '../../panel/layout.tsx'
import { type Errand, shownSip } from './link.ts'

/** What a page that opens the app loads. */
export const SCRIPT = 'open-app.js'

export const titleOf = ({ action }: Errand, setsUp: boolean): MessageId =>
  action === 'call' ? 'wizard.title_call' : setsUp ? 'wizard.title_setup' : 'wizard.title_open'

/** Whom the app calls. */
export const calls = (visit: Visit, { action, sip }: Errand): VNode | null =>
  action === 'call' && sip !== null ? <p>{texts(visit)('wizard.calls', { sip: shownSip(sip) })}</p> : null

/** `isAsked`: whoever is here wants the app to open, so a script need not wait for another click. */
export const opening = (visit: Visit, href: string, isAsked: boolean): VNode => (
  <p>
    <a class="button" href={href} data-open={isAsked ? '' : undefined}>
      {texts(visit)('wizard.open')}
    </a>
  </p>
)
