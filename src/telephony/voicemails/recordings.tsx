import type { VNode } from 'preact'
import { Actions, ButtonLink } from '../../panel/components/button.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { durationText, Moment } from '../../panel/components/moment.tsx'
import { type Kit, type Translate, useKit } from '../../panel/kit.tsx'
import { addressOfRecord, parseSipAddress } from '../../protocols/sip-address.ts'
import type { Recording } from './voicemails.ts'

/** Who called, as people read it. */
export const callerText = (t: Translate, { voicemail: { sipFrom } }: Recording): string => {
  if (sipFrom === null) return t('voicemail.unknown_caller')
  const address = parseSipAddress(`<${sipFrom}>`)
  return address === null ? sipFrom : addressOfRecord({ username: address.user, domain: address.host })
}

const sizeText = ({ language }: Pick<Kit, 'language'>, bytes: number): string => {
  const isLarge = bytes >= 1_000_000
  const format = {
    style: 'unit',
    unit: isLarge ? 'megabyte' : 'kilobyte',
    maximumFractionDigits: isLarge ? 1 : 0,
  } as const
  return new Intl.NumberFormat(language, format).format(isLarge ? bytes / 1_000_000 : Math.max(1, bytes / 1000))
}

/** When it was left, and how long it is. */
export const RecordingNote = ({ recording: { voicemail } }: { recording: Recording }): VNode => {
  const { uploadedAt, createdAt, durationSeconds, size } = voicemail
  const kit = useKit()
  return (
    <>
      <Moment at={uploadedAt ?? createdAt} />
      {durationSeconds === null ? null : <> · {durationText(durationSeconds)}</>}
      {size === null ? null : <> · {sizeText(kit, size)}</>}
    </>
  )
}

/** Messages, each with a player. `root`: the page below which they are deleted. */
export const Recordings = ({ recordings, root }: { recordings: readonly Recording[]; root: string }): VNode => {
  const { t, href } = useKit()
  const row = (recording: Recording): RowItem => {
    const caller = callerText(t, recording)
    const about = t('voicemail.of', { caller })
    return {
      icon: 'voicemail',
      title: <span class="id">{caller}</span>,
      note: <RecordingNote recording={recording} />,
      action: (
        <Actions>
          <ButtonLink to={recording.download} icon="download" size="small" about={about} download>
            {t('voicemail.download')}
          </ButtonLink>
          <ButtonLink to={`${root}/voicemails/${recording.voicemail.uuid}/delete`} size="small" about={about}>
            {t('voicemail.delete')}
          </ButtonLink>
        </Actions>
      ),
      below: (
        // biome-ignore lint/a11y/useMediaCaption: nobody has written down what callers say
        <audio controls preload="none" src={href(recording.play)} aria-label={t('voicemail.message', { caller })} />
      ),
    }
  }
  return <Rows items={recordings.map(row)} />
}
