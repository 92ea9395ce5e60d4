import { Check, ChevronsUpDown, Search, X } from "lucide-react";
import type { ReactNode, Ref } from "react";
import {
  Button,
  Checkbox as Box,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  RadioGroup,
  SearchField as Searching,
  Select as Choice,
  SelectValue,
  Slider as Sliding,
  SliderOutput,
  SliderThumb,
  SliderTrack,
  Switch as Toggle,
  Text,
  TextArea,
  TextField as Writing,
} from "react-aria-components";
import styles from "./Fields.module.css";
import { join } from "./join";

interface Labelled {
  label: string;
  /** The label is read aloud but not drawn; the surroundings say it already. */
  hideLabel?: boolean;
  hint?: ReactNode;
  /** What is wrong with the value, and how to mend it. */
  error?: string | null;
  isDisabled?: boolean;
  className?: string;
}

function Caption({ label, hideLabel }: Labelled) {
  return <Label className={hideLabel ? "aside-voice" : styles.label}>{label}</Label>;
}

function Notes({ hint, error }: Labelled) {
  return (
    <>
      {hint && !error && (
        <Text slot="description" className={styles.hint}>
          {hint}
        </Text>
      )}
      <FieldError className={styles.error}>{error}</FieldError>
    </>
  );
}

export interface TextFieldProps extends Labelled {
  value?: string;
  defaultValue?: string;
  onChange?: (value: string) => void;
  placeholder?: string;
  type?: "text" | "password" | "url" | "email" | "date" | "number";
  name?: string;
  isRequired?: boolean;
  autoFocus?: boolean;
  autoComplete?: string;
  spellCheck?: boolean;
  /** More than one: a growing text area with at least so many lines. */
  lines?: number;
  mono?: boolean;
  onKeyDown?: (event: React.KeyboardEvent<HTMLInputElement | HTMLTextAreaElement>) => void;
  ref?: Ref<HTMLInputElement>;
}

export function TextField({ lines = 1, mono, placeholder, spellCheck, onKeyDown, ref, className, error, ...rest }: TextFieldProps) {
  return (
    <Writing {...rest} isInvalid={Boolean(error)} validationBehavior="aria" className={join(styles.field, className)}>
      <Caption {...rest} />
      {lines > 1 ? (
        <TextArea
          className={join(styles.input, styles.area, mono && "mono")}
          rows={lines}
          placeholder={placeholder}
          spellCheck={spellCheck}
          onKeyDown={onKeyDown}
        />
      ) : (
        <Input ref={ref} className={join(styles.input, mono && "mono")} placeholder={placeholder} spellCheck={spellCheck} onKeyDown={onKeyDown} />
      )}
      <Notes {...rest} error={error} />
    </Writing>
  );
}

export interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  autoFocus?: boolean;
  onKeyDown?: (event: React.KeyboardEvent) => void;
  className?: string;
  ref?: Ref<HTMLInputElement>;
}

/** Esc empties it, and only an empty one lets Esc through. */
export function SearchField({ label, value, onChange, placeholder, autoFocus, onKeyDown, className, ref }: SearchFieldProps) {
  return (
    <Searching aria-label={label} value={value} onChange={onChange} autoFocus={autoFocus} className={join(styles.search, className)}>
      <Search aria-hidden className={styles.lens} />
      <Input ref={ref} className={styles.input} placeholder={placeholder ?? label} onKeyDown={onKeyDown} />
      {value && (
        <Button className={styles.clear} aria-label="Clear the search">
          <X aria-hidden />
        </Button>
      )}
    </Searching>
  );
}

export interface Option<T extends string = string> {
  id: T;
  label: string;
  hint?: string;
  isDisabled?: boolean;
}

export interface SelectProps<T extends string = string> extends Labelled {
  options: readonly Option<T>[];
  value: T | null;
  onChange: (value: T) => void;
  placeholder?: string;
  small?: boolean;
}

export function Select<T extends string>({ options, value, onChange, placeholder = "Choose", small, className, error, ...rest }: SelectProps<T>) {
  return (
    <Choice
      {...rest}
      isInvalid={Boolean(error)}
      selectedKey={value}
      onSelectionChange={(key) => key !== null && onChange(key as T)}
      placeholder={placeholder}
      className={join(styles.field, className)}
    >
      <Caption {...rest} />
      <Button className={join(styles.input, styles.choice, small && styles.small)}>
        <SelectValue className={styles.chosen}>{({ selectedText, isPlaceholder }) => (isPlaceholder ? placeholder : selectedText)}</SelectValue>
        <ChevronsUpDown aria-hidden />
      </Button>
      <Notes {...rest} error={error} />
      <Popover className={styles.popover} offset={4}>
        <ListBox className={styles.options} items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} isDisabled={option.isDisabled} className={styles.option}>
              {({ isSelected }) => (
                <>
                  <span className={styles.tick}>{isSelected && <Check aria-hidden />}</span>
                  <span>
                    <Text slot="label">{option.label}</Text>
                    {option.hint && (
                      <Text slot="description" className={styles.optionHint}>
                        {option.hint}
                      </Text>
                    )}
                  </span>
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Choice>
  );
}

export interface SegmentedProps<T extends string = string> extends Labelled {
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
}

/** Two to four choices, all in sight. */
export function Segmented<T extends string>({ options, value, onChange, className, ...rest }: SegmentedProps<T>) {
  return (
    <RadioGroup {...rest} value={value} onChange={(chosen) => onChange(chosen as T)} orientation="horizontal" className={join(styles.field, className)}>
      <Caption {...rest} />
      <div className={styles.segments}>
        {options.map((option) => (
          <Radio key={option.id} value={option.id} isDisabled={option.isDisabled} className={styles.segment}>
            {option.label}
          </Radio>
        ))}
      </div>
      <Notes {...rest} />
    </RadioGroup>
  );
}

export interface CheckProps {
  children: ReactNode;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  isDisabled?: boolean;
  className?: string;
}

export function Checkbox({ children, className, ...rest }: CheckProps) {
  return (
    <Box {...rest} className={join(styles.check, className)}>
      {({ isSelected }) => (
        <>
          <span className={styles.box}>{isSelected && <Check aria-hidden />}</span>
          {children}
        </>
      )}
    </Box>
  );
}

export function Switch({ children, className, ...rest }: CheckProps) {
  return (
    <Toggle {...rest} className={join(styles.check, className)}>
      <span className={styles.switch}>
        <span className={styles.knob} />
      </span>
      {children}
    </Toggle>
  );
}

export interface SliderProps {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number;
  format?: Intl.NumberFormatOptions;
  className?: string;
}

export function Slider({ label, value, onChange, min = 0, max = 1, step = 0.1, format, className }: SliderProps) {
  return (
    <Sliding
      value={value}
      onChange={(given) => onChange(given as number)}
      minValue={min}
      maxValue={max}
      step={step}
      formatOptions={format}
      className={join(styles.slider, className)}
    >
      <Label className={styles.label}>{label}</Label>
      <SliderOutput className={join(styles.hint, "figures")} />
      <SliderTrack className={styles.track}>
        {({ state }) => (
          <>
            <span className={styles.filled} style={{ width: `${state.getThumbPercent(0) * 100}%` }} />
            <SliderThumb className={styles.thumb} />
          </>
        )}
      </SliderTrack>
    </Sliding>
  );
}
