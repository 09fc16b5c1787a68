"""What can be said of a person: one block a relation, with its statements, questions and yes-or-no questions.

`# name type [list]`, then `s` statements, `q` questions, `y` yes-or-no questions; a star marks a wording that training
never sees. `{S}` is the subject (I, Mira, my sister), `{P}` the possessive, `{O}` the object form, `{v}` the value, and
`[a|b]` is `a` with the first person and `b` with the third. `=` stands for a block's name in words.
"""

TEXT = """
# colour colour
s {P} favourite colour is {v}
s {S} [like|likes] {v} more than any other colour
s {v} is the colour {S} [like|likes] best
s* of all colours {S} [prefer|prefers] {v}
q what is {P} favourite colour
q which colour [do|does] {S} like best
q what colour [do|does] {S} like most
q* which colour is {P} favourite
y is {P} favourite colour {v}
y [do|does] {S} like {v} best
# city city
s {S} [live|lives] in {v}
s {P} home is in {v}
s {S} moved to {v}
s {S} [have|has] a flat in {v}
s* {v} is where {S} [live|lives]
q where [do|does] {S} live
q which city [do|does] {S} live in
q what town is {P} home in
q* in which city is {P} home
y [do|does] {S} live in {v}
y [am|is] {S} living in {v}
# birthplace city
s {S} [was|was] born in {v}
s {P} birthplace is {v}
s {S} came into the world in {v}
s* {v} is the town {S} [was|was] born in
q where [was|was] {S} born
q what is {P} birthplace
q* in which town [was|was] {S} born
y [was|was] {S} born in {v}
# origin country
s {S} [come|comes] from {v}
s {S} grew up in {v}
s {P} family is from {v}
s* {S} spent {P} childhood in {v}
q where [do|does] {S} come from
q which country [am|is] {S} from
q where did {S} grow up
q* what country [do|does] {S} come from
y [do|does] {S} come from {v}
# job job
s {S} [work|works] as {v}
s {S} [am|is] {v}
s {S} [make|makes] a living as {v}
s {P} job is being {v}
s* {S} [earn|earns] {P} money as {v}
q what [do|does] {S} do for a living
q what is {P} job
q what [do|does] {S} work as
q* what is {P} profession
y [do|does] {S} work as {v}
y [am|is] {S} {v}
# employer company
s {S} [work|works] for {v}
s {P} employer is {v}
s {S} got hired by {v}
s {S} [am|is] employed at {v}
s* the company {S} [work|works] for is {v}
q who [do|does] {S} work for
q which company [do|does] {S} work for
q what is {P} employer
q* where [am|is] {S} employed
y [do|does] {S} work for {v}
# dream job
s {S} [want|wants] to become {v}
s {S} [dream|dreams] of being {v}
s {S} [am|is] training to be {v}
s* one day {S} [hope|hopes] to be {v}
q what [do|does] {S} want to become
q what [am|is] {S} training to be
q* what [do|does] {S} hope to be one day
y [do|does] {S} want to become {v}
# study subject
s {S} [study|studies] {v}
s {S} [am|is] studying {v}
s {P} degree is in {v}
s* {S} [am|is] taking a degree in {v}
q what [do|does] {S} study
q what [am|is] {S} studying
q which subject [do|does] {S} study
q* what is {P} degree in
y [do|does] {S} study {v}
# school school
s {S} [go|goes] to {v}
s {P} school is {v}
s {S} [attend|attends] {v}
s* {S} [am|is] a pupil at {v}
q which school [do|does] {S} go to
q what is {P} school called
q* what school [do|does] {S} attend
y [do|does] {S} go to {v}
# age age
s {S} [am|is] {v} years old
s {P} age is {v}
s {S} turned {v}
s* {S} [have|has] reached the age of {v}
q how old [am|is] {S}
q what is {P} age
q* what age [am|is] {S}
y [am|is] {S} {v} years old
# birthday day
s {P} birthday is on {v}
s {S} [celebrate|celebrates] {P} birthday on {v}
s {v} is {P} birthday
s* {P} date of birth falls on {v}
q when is {P} birthday
q what day is {P} birthday
q on which date is {P} birthday
q* when [do|does] {S} celebrate {P} birthday
y is {P} birthday on {v}
# birthyear year
s {S} [was|was] born in {v}
s {P} year of birth is {v}
s* {v} is the year {S} [was|was] born
q when [was|was] {S} born
q in which year [was|was] {S} born
q* what is {P} year of birth
y [was|was] {S} born in {v}
# phone phone
s {P} phone number is {v}
s you can call {O} on {v}
s {P} mobile number is {v}
s* to ring {O}, dial {v}
q what is {P} phone number
q what number can I call {O} on
q* how can {S} be reached by phone
y is {P} phone number {v}
# email email
s {P} email address is {v}
s {P} email is {v}
s write to {O} at {v}
s* {O} you reach by mail at {v}
q what is {P} email address
q what is {P} email
q* at which address can I email {O}
y is {P} email address {v}
# street address
s {P} address is {v}
s {S} [live|lives] at {v}
s {P} house is at {v}
s* mail for {O} goes to {v}
q what is {P} address
q what street [do|does] {S} live on
q* at which address [do|does] {S} live
y is {P} address {v}
# food dish
s {P} favourite food is {v}
s {S} could eat {v} every day
s {S} [love|loves] eating {v}
s* nothing tastes better to {O} than {v}
q what is {P} favourite food
q what [do|does] {S} love eating
q which food [do|does] {S} like best
q* which dish [do|does] {S} like most
y is {P} favourite food {v}
# drink drink
s {P} favourite drink is {v}
s {S} always [drink|drinks] {v}
s {S} [drink|drinks] {v} at breakfast
s* {S} mostly [order|orders] {v}
q what is {P} favourite drink
q what [do|does] {S} drink
q* which drink [do|does] {S} like best
y [do|does] {S} drink {v}
# dislike dish
s {S} [hate|hates] {v}
s {S} [dislike|dislikes] {v}
s {S} can't stand {v}
s {S} never [eat|eats] {v}
s* {v} is something {S} [loathe|loathes]
q what [do|does] {S} hate
q what can't {S} stand
q what food [do|does] {S} dislike
q* which food [do|does] {S} never eat
y [do|does] {S} hate {v}
# allergy allergen list
s {S} [am|is] allergic to {v}
s {S} [have|has] an allergy to {v}
s {v} [give|gives] {O} a rash
s* {S} can't eat {v} because of an allergy
q what [am|is] {S} allergic to
q which allergies [do|does] {S} have
q* what should {S} avoid because of an allergy
y [am|is] {S} allergic to {v}
# diet diet
s {S} [am|is] {v}
s {P} diet is {v}
s {S} [eat|eats] {v}
s {S} went {v}
s* {S} [follow|follows] a {v} diet
q what is {P} diet
q which diet [do|does] {S} follow
q* what kind of diet [am|is] {S} on
y [am|is] {S} {v}
# medicine medicine
s {S} [take|takes] {v}
s {S} [have|has] to take {v} every morning
s the doctor put {O} on {v}
s* {P} prescription is for {v}
q what medicine [do|does] {S} take
q which medication [am|is] {S} on
q* what was prescribed to {O}
y [do|does] {S} take {v}
# illness illness
s {S} [have|has] {v}
s {S} [suffer|suffers] from {v}
s {S} [was|was] diagnosed with {v}
s* the doctors say {S} [have|has] {v}
q what [do|does] {S} suffer from
q which illness [do|does] {S} have
q* what [was|was] {S} diagnosed with
y [do|does] {S} have {v}
# blood blood
s {P} blood type is {v}
s {S} [have|has] blood type {v}
s* {P} blood group was found to be {v}
q what is {P} blood type
q which blood type [do|does] {S} have
q* what blood group [am|is] {S}
y is {P} blood type {v}
# dentist person
s {P} dentist is {v}
s {v} is {P} dentist
s {S} [see|sees] {v} for {P} teeth
s* {v} looks after {P} teeth
q who is {P} dentist
q what is the name of {P} dentist
q* which dentist [do|does] {S} go to
y is {v} {P} dentist
# doctor person
s {P} doctor is {v}
s {v} is {P} doctor
s {P} doctor is called {v}
s* when ill, {S} [see|sees] {v}
q who is {P} doctor
q what is {P} doctor's name
q* which doctor [do|does] {S} see
y is {v} {P} doctor
# spouse person
s {S} [am|is] married to {v}
s {v} is {P} partner
s {P} partner is called {v}
s {S} married {v}
s* {S} [have|has] tied the knot with {v}
q who [am|is] {S} married to
q who is {P} partner
q* what is {P} partner's name
y [am|is] {S} married to {v}
# mother person
s {P} mother is called {v}
s {P} mother's name is {v}
s {v} is {P} mother
s* the name of {P} mum is {v}
q what is {P} mother's name
q who is {P} mother
q* what is {P} mother called
y is {v} {P} mother
# father person
s {P} father is called {v}
s {P} father's name is {v}
s {v} is {P} father
s* {P} dad goes by the name of {v}
q what is {P} father's name
q who is {P} father
q* what is {P} father called
y is {v} {P} father
# sister person
s {P} sister is called {v}
s {P} sister's name is {v}
s {v} is {P} sister
s* {S} [have|has] a sister named {v}
q what is {P} sister's name
q who is {P} sister
q* what is {P} sister called
y is {v} {P} sister
# brother person
s {P} brother is called {v}
s {S} [have|has] a brother named {v}
s {v} is {P} brother
s* {P} brother's name is {v}
q what is {P} brother's name
q who is {P} brother
q* what is {P} brother called
y is {v} {P} brother
# daughter person
s {P} daughter is called {v}
s {S} [have|has] a daughter named {v}
s {P} daughter's name is {v}
s* {v} is the name of {P} daughter
q what is {P} daughter's name
q what is {P} daughter called
q* who is {P} daughter
y is {P} daughter called {v}
# son person
s {P} son is called {v}
s {S} [have|has] a son named {v}
s {P} son's name is {v}
s* {v} is what {P} son is called
q what is {P} son's name
q what is {P} son called
q* who is {P} son
y is {P} son called {v}
# friend person
s {v} is {P} best friend
s {P} best friend is {v}
s {S} [am|is] best friends with {v}
s* nobody is closer to {O} than {P} friend {v}
q who is {P} best friend
q what is {P} best friend's name
q* who [am|is] {S} best friends with
y is {v} {P} best friend
# boss person
s {P} boss is {v}
s {v} is {P} boss
s {S} [report|reports] to {v}
s {P} manager is called {v}
s* at work {S} [answer|answers] to {v}
q who is {P} boss
q who [do|does] {S} report to
q who is {P} manager
q* what is {P} boss called
y is {v} {P} boss
# teacher person
s {P} teacher is {v}
s {v} teaches {O}
s {P} teacher is called {v}
s* {S} [have|has] lessons with {v}
q who is {P} teacher
q who teaches {O}
q* what is {P} teacher's name
y is {v} {P} teacher
# landlord person
s {P} landlord is {v}
s {P} landlord is called {v}
s {S} [rent|rents] from {v}
s* the flat {S} [rent|rents] belongs to {v}
q who is {P} landlord
q who [do|does] {S} rent from
q* what is {P} landlord's name
y is {v} {P} landlord
# neighbour person
s {P} neighbour is called {v}
s {v} lives next door to {O}
s {P} neighbour is {v}
s* next door to {O} lives {v}
q who is {P} neighbour
q who lives next door to {O}
q* what is {P} neighbour's name
y is {v} {P} neighbour
# nickname word
s {P} nickname is {v}
s everybody calls {O} {v}
s friends call {O} {v}
s* {S} [go|goes] by the nickname {v}
q what is {P} nickname
q what do people call {O}
q* what nickname [do|does] {S} have
y is {P} nickname {v}
# maiden surname
s {P} last name is {v}
s {P} surname is {v}
s {P} family name is {v}
s* {S} [sign|signs] with the surname {v}
q what is {P} last name
q what is {P} surname
q* what is {P} family name
y is {P} last name {v}
# dog petname
s {P} dog is called {v}
s {S} [have|has] a dog named {v}
s {P} dog's name is {v}
s* the name {S} gave {P} dog is {v}
q what is {P} dog called
q what is {P} dog's name
q* which name did {S} give {P} dog
y is {P} dog called {v}
# cat petname
s {P} cat is called {v}
s {S} [have|has] a cat named {v}
s {v} is {P} cat
s* {P} cat listens to the name {v}
q what is {P} cat called
q what is {P} cat's name
q* what is the name of {P} cat
y is {P} cat called {v}
# pet animal list
s {S} [have|has] {v}
s {S} [keep|keeps] {v}
s {S} [own|owns] {v}
s {P} pet is {v}
s* {S} [share|shares] the house with {v}
q what pet [do|does] {S} have
q which animal [do|does] {S} keep
q what pets [do|does] {S} have
q* which pets [do|does] {S} own
y [do|does] {S} have {v}
# fear thing
s {S} [am|is] afraid of {v}
s {S} [am|is] scared of {v}
s {v} [frighten|frighten] {O}
s* {P} biggest fear is {v}
q what [am|is] {S} afraid of
q what [am|is] {S} scared of
q* what is {P} biggest fear
y [am|is] {S} afraid of {v}
# hobby activity list
s {P} hobby is {v}
s {S} [like|likes] {v}
s {S} [enjoy|enjoys] {v}
s in {P} free time {S} [go|goes] {v}
s* {S} [spend|spends] {P} weekends {v}
q what is {P} hobby
q what [do|does] {S} like doing
q what [do|does] {S} do in {P} free time
q what are {P} hobbies
q* what [do|does] {S} enjoy doing
y [do|does] {S} like {v}
# sport sport list
s {S} [play|plays] {v}
s {P} favourite sport is {v}
s {S} [train|trains] {v}
s* the sport {S} [do|does] is {v}
q which sport [do|does] {S} play
q what is {P} favourite sport
q* what sport [do|does] {S} do
y [do|does] {S} play {v}
# instrument instrument list
s {S} [play|plays] the {v}
s {S} [am|is] learning the {v}
s {P} instrument is the {v}
s* {S} [take|takes] {v} lessons
q which instrument [do|does] {S} play
q what instrument [am|is] {S} learning
q what is {P} instrument
q* what instrument [do|does] {S} play
y [do|does] {S} play the {v}
# language language list
s {S} [speak|speaks] {v}
s {S} [am|is] fluent in {v}
s {S} [am|is] learning {v}
s* {v} is a language {S} [know|knows] well
q which language [do|does] {S} speak
q what languages [do|does] {S} speak
q what language [am|is] {S} learning
q* which languages [do|does] {S} know
y [do|does] {S} speak {v}
# band title
s {P} favourite band is {v}
s {S} [listen|listens] to {v} all the time
s {S} [am|is] a fan of {v}
s* no music pleases {O} more than that of {v}
q what is {P} favourite band
q which band [do|does] {S} listen to
q* what music [do|does] {S} listen to
y is {P} favourite band {v}
# book title
s {P} favourite book is {v}
s {S} [am|is] reading {v}
s {S} just finished reading {v}
s* the book on {P} bedside table is {v}
q which book [am|is] {S} reading
q what is {P} favourite book
q what [am|is] {S} reading
q* what book [do|does] {S} like
y [am|is] {S} reading {v}
# film title
s {P} favourite film is {v}
s {S} [watch|watches] {v} again and again
s the film {S} [like|likes] best is {v}
s* no film is better to {O} than {v}
q what is {P} favourite film
q which film [do|does] {S} like best
q* what movie [do|does] {S} love
y is {P} favourite film {v}
# team title
s {S} [support|supports] {v}
s {P} favourite team is {v}
s {S} [cheer|cheers] for {v}
s* {S} never [miss|misses] a match of {v}
q which team [do|does] {S} support
q what is {P} favourite team
q* which team [do|does] {S} cheer for
y [do|does] {S} support {v}
# game title
s {S} [play|plays] {v} online
s {P} favourite game is {v}
s {S} [am|is] hooked on the game {v}
s* the game {S} [play|plays] most is {v}
q what is {P} favourite game
q which game [do|does] {S} play
q* what game [do|does] {S} like most
y is {P} favourite game {v}
# flower plant
s {P} favourite flower is {v}
s {S} [grow|grows] {v} in the garden
s {S} planted {v}
s* {P} garden is full of {v}
q what is {P} favourite flower
q what [do|does] {S} grow in the garden
q* which plants [do|does] {S} grow
y [do|does] {S} grow {v}
# car car
s {S} [drive|drives] {v}
s {P} car is {v}
s {S} [own|owns] {v}
s* {S} [get|gets] around in {v}
q what car [do|does] {S} drive
q which car [do|does] {S} have
q what is {P} car
q* what kind of car [do|does] {S} drive
y [do|does] {S} drive {v}
# plate code
s {P} licence plate is {v}
s {P} car has the plate {v}
s the number plate of {P} car is {v}
s* the plate on {P} car reads {v}
q what is {P} licence plate
q what is the plate of {P} car
q* what is the number plate of {P} car
y is {P} licence plate {v}
# password code
s {P} password is {v}
s {P} login password is {v}
s {S} [use|uses] the password {v}
s* {S} [log|logs] in with the password {v}
q what is {P} password
q which password [do|does] {S} use
q* what password [do|does] {S} log in with
y is {P} password {v}
# username word
s {P} username is {v}
s {P} login is {v}
s* {P} account runs under the name {v}
q what is {P} username
q which username [do|does] {S} have
q* what is {P} login name
y is {P} username {v}
# wifi code
s {P} wifi password is {v}
s the wifi password at {P} place is {v}
s the key for {P} wifi is {v}
s* to use {P} wifi, type {v}
q what is {P} wifi password
q what is the password for {P} wifi
q* what do I type for {P} wifi
y is {P} wifi password {v}
# locker number
s {P} locker number is {v}
s {S} [have|has] locker {v}
s {P} locker is number {v}
s* the locker given to {O} is {v}
q what is {P} locker number
q* which locker [do|does] {S} have
y is {P} locker number {v}
# room number
s {P} room number is {v}
s {S} [am|is] in room {v}
s {P} room is {v}
s* {S} [stay|stays] in room number {v}
q what is {P} room number
q which room [am|is] {S} in
q* what room [do|does] {S} have
y [am|is] {S} in room {v}
# shoe size
s {P} shoe size is {v}
s {S} [wear|wears] shoes in size {v}
s {S} [take|takes] size {v} in shoes
s* {P} feet need shoes of size {v}
q what is {P} shoe size
q what size are {P} shoes
q* which shoe size [do|does] {S} wear
y is {P} shoe size {v}
# height height
s {S} [am|is] {v} tall
s {P} height is {v}
s {S} [measure|measures] {v}
s* from head to toe {S} [am|is] {v}
q how tall [am|is] {S}
q what is {P} height
q* how many centimetres tall [am|is] {S}
y [am|is] {S} {v} tall
# weight weight
s {S} [weigh|weighs] {v}
s {P} weight is {v}
s {S} [am|is] down to {v}
s* the scale shows {v} for {O}
q how much [do|does] {S} weigh
q what is {P} weight
q* how heavy [am|is] {S}
y [do|does] {S} weigh {v}
# salary money
s {S} [earn|earns] {v} a month
s {P} salary is {v}
s {S} [make|makes] {v} per month
s* every month {S} [get|gets] paid {v}
q how much [do|does] {S} earn
q what is {P} salary
q* how much [do|does] {S} make
y [do|does] {S} earn {v}
# rent money
s {P} rent is {v}
s {S} [pay|pays] {v} in rent
s {P} flat costs {v} a month
s* for {P} flat {S} [pay|pays] {v}
q how much is {P} rent
q what [do|does] {S} pay in rent
q how much rent [do|does] {S} pay
q* how much does {P} flat cost
y is {P} rent {v}
# budget money
s {P} budget is {v}
s {S} can spend {v}
s {P} budget was set to {v}
s* {S} must not spend more than {v}
q what is {P} budget
q how much can {S} spend
q* how big is {P} budget
y is {P} budget {v}
# wakeup time
s {S} [get|gets] up at {v}
s {S} [wake|wakes] up at {v}
s {P} alarm is set for {v}
s* {P} day begins at {v}
q when [do|does] {S} get up
q what time [do|does] {S} wake up
q* at what time [do|does] {S} get up
y [do|does] {S} get up at {v}
# bedtime time
s {S} [go|goes] to bed at {v}
s {P} bedtime is {v}
s {S} [sleep|sleeps] from {v} on
s* lights go out for {O} at {v}
q when [do|does] {S} go to bed
q what time is {P} bedtime
q* at what time [do|does] {S} go to sleep
y [do|does] {S} go to bed at {v}
# train time
s {P} train leaves at {v}
s {S} [take|takes] the {v} train
s {P} train goes at {v}
s* {P} train pulls out at {v}
q when does {P} train leave
q which train [do|does] {S} take
q* what time is {P} train
y does {P} train leave at {v}
# commute transport
s {S} [go|goes] to work {v}
s {S} [get|gets] to work {v}
s {S} [commute|commutes] {v}
s* {P} way to work is done {v}
q how [do|does] {S} get to work
q how [do|does] {S} commute
q* how [do|does] {S} go to work
y [do|does] {S} go to work {v}
# dentistday when
s {P} dentist appointment is on {v}
s {S} [have|has] to go to the dentist on {v}
s {S} [see|sees] the dentist on {v}
s* on {v} {S} [have|has] an appointment with the dentist
q when is {P} dentist appointment
q when [do|does] {S} see the dentist
q* what day [do|does] {S} go to the dentist
y is {P} dentist appointment on {v}
# interview when
s {P} interview is on {v}
s {S} [have|has] a job interview on {v}
s the interview for {P} new job is on {v}
s* on {v} {S} [go|goes] to an interview
q when is {P} interview
q when [do|does] {S} have an interview
q* on which day is {P} job interview
y is {P} interview on {v}
# exam when
s {P} exam is on {v}
s {S} [sit|sits] {P} exam on {v}
s {S} [have|has] an exam on {v}
s* {v} is the day of {P} exam
q when is {P} exam
q when [do|does] {S} sit the exam
q* what day is {P} exam
y is {P} exam on {v}
# deadline day
s {P} deadline is {v}
s {S} [have|has] to finish by {v}
s {P} report is due on {v}
s* {S} must hand everything in by {v}
q what is {P} deadline
q when is {P} report due
q* by when [do|does] {S} have to finish
y is {P} deadline {v}
# wedding day
s {P} wedding anniversary is on {v}
s {S} got married on {v}
s {P} wedding was on {v}
s* {S} said yes at the altar on {v}
q when is {P} wedding anniversary
q when did {S} get married
q when was {P} wedding
q* on which day did {S} marry
y is {P} wedding anniversary on {v}
# weddingplace city
s {S} got married in {v}
s {P} wedding was in {v}
s {S} had {P} wedding in {v}
s* the place {S} married in is {v}
q where did {S} get married
q where was {P} wedding
q* in which place did {S} marry
y did {S} get married in {v}
# trip city
s {S} [am|is] going to {v} on holiday
s {S} [am|is] flying to {v}
s {P} next trip goes to {v}
s {S} booked a trip to {v}
s* {P} next holiday will be in {v}
q where [am|is] {S} going on holiday
q where [am|is] {S} flying
q where does {P} next trip go
q* where will {S} spend {P} holiday
y [am|is] {S} flying to {v}
# visited country list
s {S} visited {v}
s {S} [have|has] been to {v}
s {S} travelled to {v}
s* {S} spent a summer in {v}
q which country did {S} visit
q where [have|has] {S} been
q which countries did {S} visit
q* what countries [have|has] {S} travelled to
y [have|has] {S} been to {v}
# hotel title
s {P} hotel is the {v}
s {S} [stay|stays] at the {v}
s {S} booked a room in the {v}
s* {S} will sleep at the {v}
q which hotel [am|is] {S} staying at
q what is {P} hotel called
q* in which hotel did {S} book a room
y is {P} hotel the {v}
# flight code
s {P} flight number is {v}
s {S} [am|is] on flight {v}
s {P} flight is {v}
s* {S} [fly|flies] with number {v}
q what is {P} flight number
q which flight [am|is] {S} on
q* what number does {P} flight have
y is {P} flight number {v}
# seat code
s {P} seat is {v}
s {S} [have|has] seat {v}
s {P} seat number is {v}
s* {S} will sit in {v}
q which seat [do|does] {S} have
q what is {P} seat number
q* where will {S} sit
y is {P} seat {v}
# gift object
s {S} [want|wants] {v} for {P} birthday
s {S} would like {v} as a present
s {S} [wish|wishes] for {v}
s* a good present for {O} would be {v}
q what [do|does] {S} want for {P} birthday
q what would {S} like as a present
q* what could I give {O} for {P} birthday
y [do|does] {S} want {v}
# collects things
s {S} [collect|collects] {v}
s {S} [have|has] a collection of {v}
s {S} [gather|gathers] {v}
s* {P} shelves are full of {v} from {P} collection
q what [do|does] {S} collect
q what is in {P} collection
q* which things [do|does] {S} collect
y [do|does] {S} collect {v}
# lost object
s {S} lost {v}
s {S} can't find {v}
s {S} left {v} on the bus
s* {v} got lost when {S} travelled
q what did {S} lose
q what can't {S} find
q* which thing did {S} lose
y did {S} lose {v}
# needs object list
s {S} [need|needs] to buy {v}
s {S} [have|has] to buy {v}
s {v} is on {P} shopping list
s* {P} shopping list says {v}
q what [do|does] {S} need to buy
q what is on {P} shopping list
q* what should {S} buy
y [do|does] {S} need to buy {v}
# lent object
s {S} lent {v} to a friend
s {S} gave a friend {v} to use
s* a friend still has {v} from {O}
q what did {S} lend to a friend
q what did {S} lend out
q* what does a friend have from {O}
y did {S} lend {v}
# keys place
s {P} keys are {v}
s {P} key is kept {v}
s {S} [keep|keeps] {P} keys {v}
s* one finds {P} keys {v}
q where are {P} keys
q where [do|does] {S} keep {P} keys
q* where is {P} key
y are {P} keys {v}
# passport place
s {P} passport is {v}
s {S} [keep|keeps] {P} passport {v}
s {S} put {P} passport {v}
s* {P} passport lies {v}
q where is {P} passport
q where [do|does] {S} keep {P} passport
q* where did {S} put {P} passport
y is {P} passport {v}
# expires year
s {P} passport expires in {v}
s {P} passport runs out in {v}
s {P} passport is valid until {v}
s* a new passport will be due for {O} in {v}
q when does {P} passport expire
q until when is {P} passport valid
q* when does {P} passport run out
y does {P} passport expire in {v}
# bank company
s {S} [bank|banks] with {v}
s {P} bank is {v}
s {S} [have|has] an account at {v}
s* {P} money lies at {v}
q what is {P} bank
q which bank [do|does] {S} use
q* where [do|does] {S} have an account
y is {P} bank {v}
# insurer company
s {S} [am|is] insured with {v}
s {P} insurance is with {v}
s {v} insures {O}
s* {P} insurance company is {v}
q who [am|is] {S} insured with
q who insures {O}
q* which company is {P} insurance with
y [am|is] {S} insured with {v}
# editor software
s {S} [use|uses] {v} as {P} editor
s {P} editor is {v}
s {S} [write|writes] code in {v}
s* all of {P} code is typed in {v}
q which editor [do|does] {S} use
q what is {P} editor
q* what [do|does] {S} write code in
y [do|does] {S} use {v}
# computer software
s {P} laptop runs {v}
s {S} [use|uses] {v} on {P} computer
s {P} computer runs {v}
s* {S} installed {v} on {P} machine
q what does {P} computer run
q what does {P} laptop run
q* which system [do|does] {S} use on {P} computer
y does {P} computer run {v}
# project title
s {S} [work|works] on project {v}
s {P} project is called {v}
s {S} [lead|leads] project {v}
s* at work {S} [spend|spends] most time on {v}
q which project [do|does] {S} work on
q what is {P} project called
q* what project [am|is] {S} on
y [do|does] {S} work on project {v}
# team_role dept
s {S} [lead|leads] the {v} team
s {S} [am|is] in charge of {v}
s {S} [am|is] responsible for {v}
s* {S} [head|heads] {v}
q what [am|is] {S} responsible for
q which team [do|does] {S} lead
q* what [am|is] {S} in charge of
y [am|is] {S} in charge of {v}
# quit thing
s {S} gave up {v}
s {S} stopped eating {v}
s {S} quit {v}
s* {S} [do|does] without {v}
q what did {S} give up
q what did {S} stop eating
q* what did {S} quit
y did {S} give up {v}
# favourite_number number
s {P} lucky number is {v}
s {P} favourite number is {v}
s* the number that brings {O} luck is {v}
q what is {P} lucky number
q what is {P} favourite number
q* which number [do|does] {S} like
y is {P} lucky number {v}
# kids count
s {S} [have|has] {v} children
s {S} [am|is] the parent of {v} kids
s {P} family has {v} children
s* {S} raised {v} children
q how many children [do|does] {S} have
q how many kids [do|does] {S} have
q* what is the number of {P} children
y [do|does] {S} have {v} children
# siblings count
s {S} [have|has] {v} brothers and sisters
s {S} [have|has] {v} siblings
s* {S} grew up with {v} siblings
q how many siblings [do|does] {S} have
q how many brothers and sisters [do|does] {S} have
q* what number of siblings [do|does] {S} have
y [do|does] {S} have {v} siblings
# runs distance
s {S} [run|runs] {v} every day
s {S} ran {v}
s {S} [go|goes] running for {v}
s* {P} daily run is {v} long
q how far [do|does] {S} run
q how far did {S} run
q* how long is {P} run
y [do|does] {S} run {v}
# sleep duration
s {S} [sleep|sleeps] {v} a night
s {S} [need|needs] {v} of sleep
s* a night's sleep is {v} for {O}
q how long [do|does] {S} sleep
q how much sleep [do|does] {S} need
q* how many hours [do|does] {S} sleep
y [do|does] {S} sleep {v}
# star sign
s {P} star sign is {v}
s {S} [am|is] born under {v}
s* by the stars {S} [am|is] {v}
q what is {P} star sign
q which star sign [am|is] {S}
q* what sign [am|is] {S} born under
y is {P} star sign {v}
# hair colour
s {P} hair is {v}
s {S} [have|has] {v} hair
s {S} dyed {P} hair {v}
s* the colour of {P} hair is {v}
q what colour is {P} hair
q which hair colour [do|does] {S} have
q* how [do|does] {S} wear {P} hair colour
y is {P} hair {v}
# eyes colour
s {P} eyes are {v}
s {S} [have|has] {v} eyes
s* the colour of {P} eyes is {v}
q what colour are {P} eyes
q which eye colour [do|does] {S} have
q* what is {P} eye colour
y are {P} eyes {v}
# call_me word
s call {O} {v}
s {S} [want|wants] to be called {v}
s {P} name is {v}
s* {S} would rather be addressed as {v}
q what [am|is] {S} called
q what is {P} name
q* how should {S} be addressed
y is {P} name {v}
# answers style
s answer {O} {v}
s {S} [like|likes] answers that are {v}
s {S} [want|wants] answers {v}
s* replies to {O} should be {v}
q how should I be answered
q how [do|does] {S} like {P} answers
q* what kind of answers [do|does] {S} want
y [do|does] {S} want answers {v}
# coffee way
s {S} [take|takes] {P} coffee {v}
s {P} coffee should be {v}
s {S} [drink|drinks] {P} coffee {v}
s* for {O}, coffee is best {v}
q how [do|does] {S} take {P} coffee
q how [do|does] {S} like {P} coffee
q* how should {P} coffee be
y [do|does] {S} take {P} coffee {v}
# charity company
s {S} [give|gives] money to {v}
s {S} [donate|donates] to {v}
s {S} [volunteer|volunteers] for {v}
s* {v} gets help from {O}
q who [do|does] {S} donate to
q who [do|does] {S} volunteer for
q* which charity [do|does] {S} support
y [do|does] {S} donate to {v}
# supermarket company
s {S} [buy|buys] {P} groceries at {v}
s {S} [shop|shops] at {v}
s {P} usual shop is {v}
s* for groceries {S} [go|goes] to {v}
q where [do|does] {S} shop
q where [do|does] {S} buy {P} groceries
q* which shop [do|does] {S} go to
y [do|does] {S} shop at {v}
# meets when
s {P} meeting is on {v}
s {S} [have|has] a meeting on {v}
s {P} meeting was moved to {v}
s* {S} [meet|meets] the others on {v}
q when is {P} meeting
q when [do|does] {S} have a meeting
q* what day is {P} meeting
y is {P} meeting on {v}
# owes money
s {S} [owe|owes] a friend {v}
s {S} borrowed {v}
s {P} debt is {v}
s* {S} still [have|has] to pay back {v}
q how much [do|does] {S} owe
q how much did {S} borrow
q* how big is {P} debt
y [do|does] {S} owe {v}
# watches title
s {S} [watch|watches] {v} on television
s {P} favourite series is {v}
s {S} [am|is] watching {v}
s* every evening {S} [see|sees] an episode of {v}
q which series [do|does] {S} watch
q what is {P} favourite series
q what [am|is] {S} watching
q* what show [do|does] {S} like
y [am|is] {S} watching {v}
# artist person
s {P} favourite singer is {v}
s {S} [admire|admires] the singer {v}
s* no voice pleases {O} more than that of {v}
q which singer [do|does] {S} like
q who is {P} favourite singer
q* which singer [do|does] {S} admire
y is {P} favourite singer {v}
# desk place
s {P} desk is {v}
s {S} [sit|sits] {v}
s {P} place at work is {v}
s* one finds {P} desk {v}
q where is {P} desk
q where [do|does] {S} sit
q* where is {P} place at work
y is {P} desk {v}
# garage place
s {P} car is parked {v}
s {S} parked {P} car {v}
s* {P} car stands {v}
q where is {P} car parked
q where did {S} park
q* where is {P} car
y is {P} car parked {v}
# bike place
s {P} bike is {v}
s {S} left {P} bike {v}
s {P} bike is locked up {v}
s* {P} bike stands {v}
q where is {P} bike
q where did {S} leave {P} bike
q* where can {P} bike be found
y is {P} bike {v}
"""
