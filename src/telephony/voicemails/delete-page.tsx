import type { NameOf } from '../../address-books/names/names.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Subject } from '../place/place.ts'
import { callerText, RecordingNote } from './recordings.tsx'
import type { Recording } from './voicemails.ts'

interface Asked extends Pick<Subject, 'root' | 'above'> {
  readonly recording: Recording
  readonly nameOf: NameOf
}

export const deletePage = ({ t }: Kit, { recording, nameOf, root, above }: Asked): FormPage => {
  const path = `${root}/voicemails/${recording.voicemail.uuid}/delete`
  return confirmPage({
    title: t('voicemail.delete_ask'),
    lede: (
      <>
        {t('voicemail.message', { caller: callerText(t, recording, nameOf) })}
        <br />
        <RecordingNote recording={recording} />
      </>
    ),
    above: [...above(t), [t('telephony.title'), root]],
    note: t('voicemail.delete_note'),
    to: path,
    button: t('voicemail.delete_go'),
    cancel: [t('panel.cancel'), root],
    address: path,
  })
}
