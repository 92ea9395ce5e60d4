"""Closed lists of words that the rules know. All folded (lower case); a phrase may have several words."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


PLACES = _names(
    # countries, also by their German, Spanish and French names where those differ
    "afghanistan, albania, algeria, andorra, angola, argentina, armenia, australia, austria, azerbaijan, bahamas, bahrain, bangladesh, barbados, belarus, "
    "belgium, belize, benin, bhutan, bolivia, bosnia, botswana, brazil, "
    "brunei, bulgaria, burkina faso, burundi, cambodia, cameroon, canada, cape verde, chad, chile, china, colombia, congo, costa rica, croatia, cuba, "
    "cyprus, czech republic, czechia, denmark, djibouti, "
    "dominican republic, ecuador, egypt, el salvador, england, estonia, ethiopia, fiji, finland, france, gabon, gambia, georgia, germany, ghana, great "
    "britain, greece, greenland, guatemala, guinea, haiti, honduras, "
    "hungary, iceland, india, indonesia, iran, iraq, ireland, israel, italy, ivory coast, jamaica, japan, jordan, kazakhstan, kenya, kosovo, kuwait, "
    "kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, "
    "liechtenstein, lithuania, luxembourg, madagascar, malawi, malaysia, maldives, mali, malta, mauritius, mexico, moldova, monaco, mongolia, montenegro, "
    "morocco, mozambique, myanmar, namibia, nepal, netherlands, "
    "the netherlands, holland, new zealand, nicaragua, niger, nigeria, north korea, north macedonia, northern ireland, norway, oman, pakistan, palestine, "
    "panama, papua new guinea, paraguay, peru, philippines, poland, "
    "portugal, qatar, romania, russia, rwanda, saudi arabia, scotland, senegal, serbia, sierra leone, singapore, slovakia, slovenia, somalia, south "
    "africa, south korea, korea, spain, sri lanka, sudan, suriname, sweden, "
    "switzerland, syria, taiwan, tajikistan, tanzania, thailand, togo, trinidad, tunisia, turkey, türkiye, turkmenistan, uganda, ukraine, united arab "
    "emirates, uae, united kingdom, uk, the uk, united states, usa, "
    "the us, the usa, the states, america, uruguay, uzbekistan, venezuela, vietnam, wales, yemen, zambia, zimbabwe, "
    "deutschland, österreich, schweiz, frankreich, spanien, italien, polen, niederlande, belgien, dänemark, schweden, norwegen, türkei, griechenland, "
    "ungarn, tschechien, großbritannien, "
    "alemania, españa, francia, suiza, italia, reino unido, estados unidos, inglaterra, méxico, brasil, perú, allemagne, autriche, suisse, espagne, "
    "italie, angleterre, royaume-uni, états-unis, belgique, "
    # continents, regions, states
    "europe, asia, africa, north america, south america, scandinavia, california, texas, florida, new york state, washington, oregon, colorado, arizona, "
    "nevada, utah, illinois, ohio, michigan, pennsylvania, massachusetts, "
    "virginia, north carolina, south carolina, new jersey, minnesota, wisconsin, hawaii, alaska, ontario, quebec, british columbia, alberta, bavaria, "
    "bayern, saxony, hesse, tuscany, sicily, catalonia, andalusia, "
    "basque country, brittany, normandy, provence, cornwall, yorkshire, kent, queensland, victoria, tasmania, "
    # cities
    "aachen, aarhus, abu dhabi, accra, addis ababa, adelaide, alicante, amsterdam, ankara, antwerp, athens, athen, atlanta, auckland, augsburg, austin, "
    "baltimore, bangalore, bengaluru, bangkok, barcelona, basel, basle, "
    "bath, beijing, beirut, belfast, belgrade, bergen, berlin, bern, bielefeld, bilbao, birmingham, bochum, bogotá, bogota, bologna, bonn, bordeaux, "
    "boston, boulder, bradford, bratislava, braunschweig, bremen, brighton, "
    "brisbane, bristol, brno, brooklyn, bruges, brussels, brüssel, bucharest, budapest, buenos aires, cairo, calgary, cambridge, canberra, cape town, "
    "caracas, cardiff, casablanca, chemnitz, chennai, chicago, cologne, "
    "copenhagen, kopenhagen, córdoba, cork, coventry, cracow, krakow, dallas, darmstadt, delhi, new delhi, den haag, the hague, denver, detroit, dortmund, "
    "dresden, dubai, dublin, duisburg, dundee, düsseldorf, edinburgh, "
    "eindhoven, erfurt, erlangen, essen, exeter, florence, frankfurt, frankfurt am main, freiburg, galway, gdansk, geneva, genf, genève, genoa, ghent, "
    "glasgow, gothenburg, göteborg, göttingen, granada, graz, grenoble, "
    "groningen, guadalajara, halifax, halle, hamburg, hamilton, hannover, hanover, hanoi, havana, heidelberg, helsinki, ho chi minh city, hong kong, "
    "honolulu, houston, hyderabad, innsbruck, istanbul, izmir, jakarta, jena, "
    "jerusalem, johannesburg, kansas city, karlsruhe, kassel, kathmandu, kiel, köln, konstanz, kuala lumpur, kyiv, kiev, kyoto, la paz, lagos, las vegas, "
    "lausanne, leeds, leicester, leiden, leipzig, liège, lille, lima, "
    "limerick, linz, lisbon, lissabon, liverpool, ljubljana, london, londres, los angeles, louisville, lübeck, lucerne, luxembourg city, lviv, lyon, "
    "maastricht, madison, madrid, magdeburg, mainz, málaga, malaga, malmö, "
    "manchester, manila, mannheim, marrakesh, marseille, medellín, melbourne, memphis, mexico city, miami, milan, mailand, milwaukee, minneapolis, minsk, "
    "montevideo, montpellier, montreal, montréal, moscow, moskau, mumbai, "
    "munich, münchen, münster, nairobi, nantes, naples, nashville, new orleans, new york, new york city, nyc, newcastle, nice, nizza, nottingham, "
    "nuremberg, nürnberg, oakland, oldenburg, oslo, osaka, osnabrück, ottawa, "
    "oxford, palermo, palma, palo alto, paris, perth, philadelphia, phoenix, pisa, pittsburgh, plymouth, portland, porto, potsdam, poznan, prague, prag, "
    "pune, quito, regensburg, reims, rennes, reykjavik, riga, rio de "
    "janeiro, rio, rome, rom, roma, rostock, rotterdam, rouen, saarbrücken, sacramento, salamanca, salzburg, san antonio, san diego, san francisco, san "
    "jose, san sebastián, santiago, são paulo, sao paulo, sarajevo, seattle, "
    "seoul, sevilla, seville, shanghai, sheffield, shenzhen, sofia, southampton, st. gallen, st. louis, st. petersburg, stockholm, strasbourg, straßburg, "
    "stuttgart, sydney, taipei, tallinn, tampa, tampere, tehran, tel aviv, "
    "the bronx, tokyo, tokio, toledo, toronto, toulouse, tours, trier, trondheim, tübingen, tunis, turin, ulm, uppsala, utrecht, valencia, vancouver, "
    "venice, verona, vienna, wien, vilnius, warsaw, warschau, washington dc, "
    "wellington, wiesbaden, winterthur, wolfsburg, wroclaw, wuppertal, würzburg, york, zagreb, zaragoza, zürich, zurich"
)

LANGUAGES = _names(
    "english, german, french, spanish, italian, portuguese, dutch, polish, russian, ukrainian, turkish, arabic, hebrew, greek, swedish, norwegian, danish, "
    "finnish, icelandic, czech, slovak, hungarian, romanian, bulgarian, "
    "serbian, croatian, slovenian, albanian, lithuanian, latvian, estonian, hindi, urdu, bengali, punjabi, tamil, telugu, persian, farsi, chinese, "
    "mandarin, cantonese, japanese, korean, vietnamese, thai, indonesian, malay, "
    "tagalog, swahili, latin, esperanto, catalan, basque, galician, irish, welsh, "
    "deutsch, englisch, französisch, spanisch, italienisch, inglés, alemán, francés, español, anglais, allemand, français, espagnol, italien"
)
NATIONALITIES = _names(
    "american, british, english, scottish, welsh, irish, german, austrian, swiss, french, spanish, italian, portuguese, dutch, belgian, danish, swedish, "
    "norwegian, finnish, icelandic, polish, czech, slovak, hungarian, romanian, "
    "bulgarian, greek, turkish, russian, ukrainian, serbian, croatian, slovenian, bosnian, albanian, lithuanian, latvian, estonian, canadian, mexican, "
    "brazilian, argentinian, argentine, chilean, colombian, peruvian, "
    "venezuelan, cuban, australian, indian, pakistani, bangladeshi, chinese, japanese, korean, vietnamese, thai, filipino, indonesian, malaysian, "
    "singaporean, taiwanese, iranian, iraqi, syrian, lebanese, israeli, egyptian, "
    "moroccan, tunisian, algerian, nigerian, kenyan, ethiopian, ghanaian, south african, european, african, asian, jewish, muslim, christian, catholic, "
    "buddhist, hindu, atheist"
)
OCCUPATIONS = _names(
    "accountant, actor, actress, actuary, administrator, analyst, anesthesiologist, animator, anthropologist, apprentice, archaeologist, architect, "
    "archivist, artist, astronomer, attorney, auditor, author, baker, banker, "
    "barber, barista, bartender, beekeeper, biologist, blacksmith, blogger, bookkeeper, botanist, brewer, bricklayer, broker, builder, butcher, buyer, "
    "caregiver, carer, caretaker, carpenter, cashier, ceo, cfo, cto, coo, "
    "chef, chemist, chiropractor, cleaner, clerk, coach, comedian, composer, conductor, consultant, contractor, cook, copywriter, counsellor, counselor, "
    "courier, curator, dancer, dba, dean, dentist, dermatologist, designer, "
    "detective, developer, dietitian, diplomat, director, diver, dj, doctor, draftsman, driver, ecologist, economist, editor, educator, electrician, "
    "engineer, entrepreneur, epidemiologist, estate agent, executive, farmer, "
    "filmmaker, firefighter, fireman, fisherman, fitter, florist, founder, freelancer, gardener, geographer, geologist, goldsmith, graphic designer, "
    "guard, guide, gynecologist, hairdresser, historian, hotelier, housekeeper, "
    "housewife, homemaker, illustrator, instructor, interpreter, investor, it manager, janitor, jeweller, jeweler, joiner, journalist, judge, juggler, "
    "kindergarten teacher, lab technician, lawyer, lecturer, librarian, "
    "lifeguard, linguist, locksmith, logistician, machinist, magician, manager, marketer, mason, massage therapist, masseur, mathematician, mechanic, "
    "mediator, meteorologist, midwife, miner, minister, model, musician, nanny, "
    "neurologist, neuroscientist, notary, novelist, nurse, nutritionist, nun, officer, optician, optometrist, orthodontist, painter, paralegal, paramedic, "
    "parent, pastor, pathologist, pediatrician, pensioner, performer, "
    "pharmacist, philosopher, photographer, physician, physicist, physiotherapist, pianist, pilot, plumber, poet, police officer, policeman, policewoman, "
    "politician, porter, postdoc, postman, priest, principal, producer, "
    "product manager, product owner, professor, programmer, project manager, psychiatrist, psychologist, publicist, publisher, rabbi, radiologist, "
    "realtor, receptionist, recruiter, referee, reporter, researcher, retiree, "
    "roofer, sailor, salesman, salesperson, saleswoman, sales manager, scientist, screenwriter, sculptor, secretary, security guard, seo, servant, "
    "shepherd, shopkeeper, singer, social worker, sociologist, software developer, "
    "software engineer, soldier, solicitor, songwriter, specialist, statistician, steward, stewardess, student, phd student, surgeon, surveyor, sysadmin, "
    "system administrator, tailor, teacher, technician, tester, therapist, "
    "tiler, tradesman, trader, trainee, trainer, translator, travel agent, treasurer, trucker, tutor, typist, undergraduate, undertaker, upholsterer, "
    "usher, vet, veterinarian, videographer, violinist, volunteer, waiter, "
    "waitress, warden, watchmaker, web developer, welder, winemaker, worker, writer, yoga teacher, youtuber, zoologist, stay-at-home mom, stay-at-home "
    "dad, stay-at-home mother, stay-at-home father, "
    "lehrer, lehrerin, arzt, ärztin, ingenieur, ingenieurin, krankenschwester, krankenpfleger, pfleger, pflegerin, entwickler, entwicklerin, "
    "programmierer, programmiererin, student, studentin, anwalt, anwältin, bäcker, "
    "bäckerin, koch, köchin, kellner, kellnerin, architekt, architektin, journalist, journalistin, verkäufer, verkäuferin, elektriker, tischler, "
    "tischlerin, mechaniker, polizist, polizistin, rentner, rentnerin, "
    "erzieher, erzieherin, wissenschaftler, wissenschaftlerin, künstler, künstlerin, musiker, musikerin, übersetzer, übersetzerin, "
    "profesor, profesora, médico, médica, ingeniero, ingeniera, enfermero, enfermera, estudiante, abogado, abogada, programador, programadora, cocinero, "
    "cocinera, arquitecto, arquitecta, periodista, "
    "professeur, professeure, médecin, ingénieur, ingénieure, infirmier, infirmière, étudiant, étudiante, avocat, avocate, développeur, développeuse, "
    "cuisinier, cuisinière, architecte, boulanger, boulangère"
)
_PETS = _names(
    "dog, cat, horse, pony, rabbit, bunny, hamster, guinea pig, parrot, budgie, canary, turtle, tortoise, goldfish, fish, snake, gecko, lizard, "
    "ferret, rat, mouse, chicken, goat, pig, donkey, pet"
)
PETS = {
    **{one: one for one in _PETS},
    **{f"{one}s": one for one in _PETS if not one.endswith(("y", "fish", "mouse"))},
    "puppy": "dog", "doggo": "dog", "labrador": "dog", "poodle": "dog", "dachshund": "dog", "golden retriever": "dog", "retriever": "dog",
    "german shepherd": "dog", "beagle": "dog", "terrier": "dog", "corgi": "dog",
    "kitten": "cat", "kitty": "cat", "tomcat": "cat", "kitties": "cat", "puppies": "dog",
    "hund": "dog", "hündin": "dog", "katze": "cat", "kater": "cat", "pferd": "horse", "hunde": "dog", "katzen": "cat", "hase": "rabbit", "kaninchen": "rabbit",
    "perro": "dog", "perra": "dog", "gato": "cat", "gata": "cat", "perros": "dog", "gatos": "cat", "caballo": "horse",
    "chien": "dog", "chienne": "dog", "chat": "cat", "chatte": "cat", "chiens": "dog", "chats": "cat", "cheval": "horse",
}  # fmt: skip
VEHICLES = _names(
    "car, bike, bicycle, motorbike, motorcycle, scooter, van, truck, boat, sailboat, camper, tractor, tesla, volvo, bmw, audi, mercedes, vw, volkswagen, "
    "golf, polo, toyota, honda, ford, fiat, renault, peugeot, skoda, mazda, "
    "kia, hyundai, porsche, subaru, jeep, vespa, mini, house, flat, apartment, cottage, cabin, garden, allotment, farm, piano, guitar, violin, cello, drum "
    "kit, telescope, camera, 3d printer, nas, home server, kindle, ipad, "
    "iphone, macbook, thinkpad, raspberry pi, steam deck, playstation, xbox, switch, drone, auto, fahrrad, haus, wohnung, coche, bici, casa, piso, "
    "voiture, vélo, maison"
)
DIETS = _names(
    "vegan, vegetarian, pescatarian, flexitarian, carnivore, omnivore, gluten-free, gluten free, dairy-free, dairy free, kosher, halal, teetotal, "
    "teetotaller, teetotaler, keto, low-carb, low carb, raw vegan, "
    "veggie, on a diet, on keto, on a keto diet, on a low-carb diet"
)
HEALTH = _names(
    "diabetes, asthma, epilepsy, migraines, migraine, arthritis, celiac disease, coeliac disease, celiac, coeliac, crohn's disease, crohn's, ibs, adhd, "
    "add, autism, dyslexia, anxiety, depression, bipolar disorder, ocd, ptsd, "
    "insomnia, tinnitus, hay fever, high blood pressure, low blood pressure, hypertension, a heart condition, a pacemaker, high cholesterol, "
    "hypothyroidism, hyperthyroidism, endometriosis, psoriasis, eczema, anemia, anaemia, "
    "sleep apnea, sleep apnoea, gout, ms, multiple sclerosis, parkinson's, lupus, cancer, a bad back, a bad knee, back problems, knee problems, lactose "
    "intolerance, a hearing aid"
)
SOFTWARE = _names(
    "linux, windows, macos, mac, ubuntu, debian, fedora, arch, nixos, freebsd, android, ios, python, javascript, typescript, rust, go, golang, java, "
    "kotlin, swift, ruby, php, c, c++, c#, haskell, elixir, erlang, scala, "
    "clojure, perl, lua, r, julia, zig, bash, zsh, fish, sql, postgres, postgresql, mysql, mariadb, sqlite, mongodb, redis, kafka, docker, podman, "
    "kubernetes, k8s, terraform, ansible, aws, azure, gcp, heroku, vercel, netlify, "
    "react, vue, svelte, angular, nextjs, next.js, node, nodejs, node.js, deno, bun, django, flask, fastapi, litestar, rails, laravel, spring, dotnet, "
    ".net, tailwind, vim, neovim, nvim, emacs, vscode, vs code, "
    "visual studio code, intellij, pycharm, sublime, helix, zed, git, github, gitlab, bitbucket, jira, confluence, notion, obsidian, slack, teams, zoom, "
    "discord, excel, word, powerpoint, photoshop, figma, blender, latex, "
    "firefox, chrome, safari, brave, pytorch, tensorflow, numpy, pandas, jupyter, ollama, llama.cpp, home assistant, todoist, evernote, thunderbird, "
    "outlook, gmail, signal, whatsapp, telegram, tmux, wezterm, alacritty, kitty"
)
ACTIVITIES = _names(
    "guitar, piano, violin, cello, drums, bass, flute, saxophone, trumpet, clarinet, harp, ukulele, keyboard, accordion, viola, oboe, banjo, organ, chess, "
    "go, poker, bridge, tennis, football, soccer, basketball, volleyball, "
    "handball, badminton, squash, golf, rugby, hockey, cricket, baseball, table tennis, ping pong, padel, judo, karate, taekwondo, aikido, boxing, "
    "jiu-jitsu, bjj, yoga, pilates, crossfit, climbing, bouldering, running, "
    "swimming, cycling, rowing, sailing, surfing, skiing, snowboarding, skating, skateboarding, dancing, ballet, salsa, tango, gymnastics, archery, "
    "fencing, triathlon, triathlons, marathons, minecraft, dnd, d&d, "
    "warhammer, magic, darts, billiards, snooker, pottery, knitting, photography"
)
MONTHS = _names(
    "january, february, march, april, may, june, july, august, september, october, november, december, jan, feb, mar, apr, jun, jul, aug, sep, sept, oct, "
    "nov, dec, januar, februar, märz, mai, juni, juli, oktober, dezember, "
    "enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre, janvier, février, mars, avril, juin, juillet, "
    "août, septembre, octobre, novembre, décembre"
)
WEEKDAYS = _names(
    "monday, tuesday, wednesday, thursday, friday, saturday, sunday, mondays, tuesdays, wednesdays, thursdays, fridays, saturdays, sundays, montag, "
    "dienstag, mittwoch, donnerstag, freitag, samstag, sonntag, "
    "lunes, martes, miércoles, jueves, viernes, sábado, domingo, lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche"
)

# What people are to one another: the word, its canonical form, and whether there is only one.
RELATIVES = {
    "wife": ("wife", True), "husband": ("husband", True), "spouse": ("spouse", True), "partner": ("partner", True), "fiancé": ("fiancé", True),
    "fiancée": ("fiancée", True),
    "fiance": ("fiancé", True), "fiancee": ("fiancée", True), "girlfriend": ("girlfriend", True), "boyfriend": ("boyfriend", True),
    "mother": ("mother", True), "mom": ("mother", True),
    "mum": ("mother", True), "father": ("father", True), "dad": ("father", True), "boss": ("boss", True), "manager": ("boss", True),
    "supervisor": ("boss", True), "landlord": ("landlord", True),
    "landlady": ("landlord", True), "doctor": ("doctor", True), "gp": ("doctor", True), "dentist": ("dentist", True),
    "therapist": ("therapist", True), "lawyer": ("lawyer", True),
    "accountant": ("accountant", True), "roommate": ("roommate", False), "flatmate": ("roommate", False), "neighbour": ("neighbour", False),
    "neighbor": ("neighbour", False),
    "sister": ("sister", False), "brother": ("brother", False), "son": ("son", False), "daughter": ("daughter", False), "child": ("child", False),
    "kid": ("child", False), "baby": ("child", False),
    "friend": ("friend", False), "best friend": ("best friend", True), "colleague": ("colleague", False), "coworker": ("colleague", False),
    "co-worker": ("colleague", False),
    "teammate": ("colleague", False), "cousin": ("cousin", False), "aunt": ("aunt", False), "uncle": ("uncle", False),
    "grandmother": ("grandmother", False), "grandma": ("grandmother", False),
    "grandfather": ("grandfather", False), "grandpa": ("grandfather", False), "niece": ("niece", False), "nephew": ("nephew", False),
    "teacher": ("teacher", False), "client": ("client", False),
    "customer": ("client", False), "mentor": ("mentor", False), "assistant": ("assistant", False), "ex": ("ex", False),
    "mother-in-law": ("mother-in-law", True), "father-in-law": ("father-in-law", True),
    "sister-in-law": ("sister-in-law", False), "brother-in-law": ("brother-in-law", False),
    "frau": ("wife", True), "mann": ("husband", True), "freundin": ("girlfriend", True), "freund": ("boyfriend", True), "mutter": ("mother", True),
    "mama": ("mother", True), "vater": ("father", True),
    "papa": ("father", True), "schwester": ("sister", False), "bruder": ("brother", False), "sohn": ("son", False), "tochter": ("daughter", False),
    "chef": ("boss", True), "chefin": ("boss", True),
    "oma": ("grandmother", False), "opa": ("grandfather", False), "kollege": ("colleague", False), "kollegin": ("colleague", False),
    "ärztin": ("doctor", True), "arzt": ("doctor", True),
    "esposa": ("wife", True), "mujer": ("wife", True), "marido": ("husband", True), "esposo": ("husband", True), "novia": ("girlfriend", True),
    "novio": ("boyfriend", True), "madre": ("mother", True),
    "padre": ("father", True), "hermana": ("sister", False), "hermano": ("brother", False), "hijo": ("son", False), "hija": ("daughter", False),
    "jefe": ("boss", True), "jefa": ("boss", True),
    "amigo": ("friend", False), "amiga": ("friend", False), "abuela": ("grandmother", False), "abuelo": ("grandfather", False),
    "femme": ("wife", True), "mari": ("husband", True), "copine": ("girlfriend", True), "copain": ("boyfriend", True), "mère": ("mother", True),
    "père": ("father", True), "sœur": ("sister", False),
    "soeur": ("sister", False), "frère": ("brother", False), "fils": ("son", False), "fille": ("daughter", False), "patron": ("boss", True),
    "patronne": ("boss", True), "ami": ("friend", False),
    "amie": ("friend", False),
}  # fmt: skip
RELATIVES |= {"kids": ("child", False), "children": ("child", False), "parents": ("parent", False), "grandparents": ("grandparent", False)}
RELATIVES |= {
    f"{word}s": RELATIVES[word]
    for word in (
        "sister",
        "brother",
        "son",
        "daughter",
        "friend",
        "colleague",
        "coworker",
        "cousin",
        "neighbour",
        "neighbor",
        "flatmate",
        "roommate",
        "niece",
        "nephew",
        "uncle",
        "aunt",
    )
}
