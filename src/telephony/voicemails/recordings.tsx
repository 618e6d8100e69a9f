import type { VNode } from 'preact'
import type { NameOf } from '../../address-books/names/names.ts'
import { Actions, ButtonLink } from '../../panel/components/button.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { durationText, Moment } from '../../panel/components/moment.tsx'
import { Person, personText } from '../../panel/components/person.tsx'
import { type Kit, type Translate, useKit } from '../../panel/kit.tsx'
import { type Addressed, addressOfRecord, parseSipAddress } from '../../protocols/sip-address.ts'
import type { Recording } from './voicemails.ts'

/** Whose address is known; null: nobody's that can be called. */
export const callerOf = ({ voicemail: { sipFrom } }: Recording): Addressed | null => {
  const address = sipFrom === null ? null : parseSipAddress(`<${sipFrom}>`)
  return address === null ? null : { username: address.user, domain: address.host }
}

/** Who called, as people read it. */
const calledBy = (t: Translate, recording: Recording, nameOf: NameOf) => {
  const caller = callerOf(recording)
  return caller === null
    ? { name: null, address: recording.voicemail.sipFrom ?? t('voicemail.unknown_caller') }
    : { name: nameOf(caller), address: addressOfRecord(caller) }
}

export const callerText = (t: Translate, recording: Recording, nameOf: NameOf): string =>
  personText(calledBy(t, recording, nameOf))

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

interface RecordingsProps {
  readonly recordings: readonly Recording[]
  /** What the account calls those who left them. */
  readonly nameOf: NameOf
  /** The page below which they are deleted. */
  readonly root: string
}

/** Messages, each with a player. */
export const Recordings = ({ recordings, nameOf, root }: RecordingsProps): VNode => {
  const { t, href } = useKit()
  const row = (recording: Recording): RowItem => {
    const caller = callerText(t, recording, nameOf)
    const about = t('voicemail.of', { caller })
    return {
      icon: 'voicemail',
      title: <Person {...calledBy(t, recording, nameOf)} />,
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
