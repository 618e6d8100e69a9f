import type { MessageId, MessageValues } from '../../messages/messages.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

interface Question {
  readonly path: '/email/confirm' | '/email/undo'
  readonly link: string
  readonly title: MessageId
  readonly text: MessageId
  readonly values: MessageValues
}

/** What the link of a mail would do, and the button that does it. */
export const linkPage = (visit: Visit, basePath: string, { path, link, title, text, values }: Question): Form => ({
  title,
  action: path,
  button: title,
  address: `${basePath}${path}/${link}`,
  children: (
    <>
      <p>{texts(visit)(text, values)}</p>
      <input type="hidden" name="link" value={link} />
    </>
  ),
})
