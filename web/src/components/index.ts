/** The parts that every room is built from. */
export { Button, IconButton, LinkButton, type ButtonProps, type IconButtonProps, type LinkButtonProps, type Tone } from "./Button";
export { CommandPalette, fit, type Command } from "./CommandPalette";
export { Confirm, Dialog, type ConfirmProps, type DialogProps } from "./Dialog";
export { EmptyState, type EmptyStateProps } from "./EmptyState";
export { ErrorNote, type ErrorNoteProps } from "./ErrorNote";
export {
  Checkbox,
  SearchField,
  Segmented,
  Select,
  Slider,
  Switch,
  TextField,
  type Option,
  type SearchFieldProps,
  type SegmentedProps,
  type SelectProps,
  type SliderProps,
  type TextFieldProps,
} from "./Fields";
export { chooseFiles, FileDrop, type FileDropProps } from "./FileDrop";
export * as format from "./format";
export { join } from "./join";
export { Kbd } from "./Kbd";
export { isKeys, isMac, keyNames } from "./keys";
export { setLayout, useLayout } from "./layout";
export { List, type ListProps } from "./List";
export { CodeBlock, CopyButton, Markdown, safeAddress, type MarkdownProps } from "./Markdown";
export { Menu, type MenuAction, type MenuGroup, type MenuProps } from "./Menu";
export { ProgressBar, type ProgressBarProps } from "./ProgressBar";
export { Skeleton, useLate } from "./Skeleton";
export { Facts, InspectorSection, ListPane, Scroll, SplitView, useCloseInspector, WorkPane, type PaneProps, type SplitViewProps } from "./SplitView";
export { Badge, Count, Note, Status, type Meaning } from "./Status";
export { Tabs, type TabOf, type TabsProps } from "./Tabs";
export { Toasts } from "./Toasts";
export { dismiss, toast, toastError } from "./toast";
export { Tooltip } from "./Tooltip";
export { deleteWithUndo, useHidden } from "./undo";
export { MEDIUM, NARROW, TOUCH, useMedia } from "./useMedia";
