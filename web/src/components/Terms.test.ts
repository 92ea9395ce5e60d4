import { expect, test } from "vitest";
import { splitAtTerms } from "./Terms";

test("matched words are told apart, inflected and in any case, but not inside of other words", () => {
  expect(splitAtTerms("Valves and a valve, not bivalve.", ["valve"])).toEqual(["", "Valves", " and a ", "valve", ", not bivalve."]);
  expect(splitAtTerms("price (c++)", ["c++"])).toEqual(["price (", "c++", ")"]);
  expect(splitAtTerms("nothing", [])).toEqual(["nothing"]);
});
