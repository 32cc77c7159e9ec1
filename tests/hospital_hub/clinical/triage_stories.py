"""Whole stories of our own with the urgency that they have; none is of any data set."""

# ruff: noqa: E501 - one story, one line

CALM = """\
I've had a runny nose and mild cough for four days and just want something for it. 29, healthy.
My ankle rolled while hiking yesterday. It is a bit swollen but I can put weight on it.
A 23-year-old man presents with three days of itching between the toes and peeling skin.
36F here for suture removal, wound clean.
My 7 year old has had a stomach ache on and off at school for months, eats well, growing fine.
I cut my thumb slicing an avocado, it's stopped bleeding and I can bend it normally.
Need refill of lisinopril, no complaints.
A 31-year-old woman has had burning when she urinates and frequency for 2 days. No fever, no back pain, not pregnant.
My toddler has a diaper rash that is red but he is happy and feeding.
I think I have pink eye, both eyes are goopy, vision is fine, no pain.
62 yo M with knee pain for 6 months, worse going downstairs, no swelling, no fever.
A 28-year-old office worker reports low back pain after moving furniture. No leg weakness, no numbness, normal bladder control.
I burned my fingertip on the oven, small blister.
My daughter, 4, has an earache and a slight temperature of 38.1 but is playing.
I've been having trouble falling asleep since I changed jobs.
The patient is a 19-year-old man with acne on the face and back.
I have heartburn after dinner most nights for the last month, no trouble swallowing, no weight loss. I'm 34.
A 45-year-old man asks for a note for work after a cold last week.
I got bit by a mosquito and it's really itchy.
A 40-year-old has sneezing, itchy eyes and clear runny nose every spring.
My tooth has been aching for two days, no swelling of the face, no fever.
My son (9) has head lice, school sent him home.
I've been constipated for five days, a bit bloated but passing gas.
25 yo F with vaginal itching and white discharge, no pelvic pain, no fever.
I pulled a muscle in my calf playing tennis, sore but walking.
Tick attached to leg, removed it this morning, no rash, no fever.
A 52-year-old woman presents with hot flashes and poor sleep for three months.
I have had a sore throat for two days with a slight headache, able to drink, no trouble breathing.
Mild diarrhea since yesterday, three loose stools, drinking fine, 27 years old.
I need a tetanus shot, stepped on a clean nail last week, foot fine.
Wart on my hand for a year.
My wrist hurts from typing, tingling at night in the thumb for two months.
I drank too much last night and have a hangover, headache mild, keeping water down.
Nosebleed this morning for five minutes, stopped by itself, never happened before, age 20.
I have a painless lump in my armpit I noticed last week, feel fine.
Splinter in my palm, can't get it out.
My baby (5 months) spits up a little after each feed but is gaining weight and smiling.
I am worried I have cancer because I read about it online, but I only have a small mole that looks the same as always.
My contact lens is stuck in my eye, no pain.
A 33-year-old man wants advice about travel vaccines.
感冒三天了，流鼻涕，有点咳嗽，不发烧
我膝盖酸了半年，上楼梯疼，平时没事
脚扭了一下，能走，就是有点肿
孩子四岁，耳朵疼，玩得挺好，体温37.9
手上长了个疣，想弄掉
最近总是睡不好，工作压力大，怎么调理
口腔溃疡一周了，吃饭疼
我有高血压，药吃完了，想开药
便秘一个星期了，肚子不疼
牙疼两天，没肿
大便后纸上有一点血，痔疮好多年了
脸上长痘痘怎么办
女，28岁，外阴痒，白带多，不发烧，小腹不疼
皮肤起湿疹，痒得睡不着
颈椎病，脖子酸，手不麻
宝宝八个月，流鼻涕，吃奶睡觉都正常
眼睛痒，春天就犯
腰闪了一下，能走，腿不麻，大小便正常
想问问打完流感疫苗能不能喝酒
烫了手指头一下，起了个小水泡
被猫挠了一下，出了一点血，想打疫苗
胃有点反酸，吃完饭明显，一个月了
月经推迟三天，想查一下是不是怀孕
一名24岁女性，咽痛两天，无发热，无呼吸困难，能进食。
一名40岁男性，因右足趾甲内嵌疼痛就诊。
一名35岁女性，健康体检发现甲状腺结节，无不适。
男，30岁，打喷嚏、流清涕、鼻痒一周，无发热、胸闷、气促。
"I just want my ears looked at, they feel full of wax," says a 48-year-old man. Vitals are normal.
A 10-year-old girl fell off the monkey bars and scraped both knees. She is walking normally.
I noticed a rash on my chest after using a new laundry soap. It itches but I feel fine otherwise.
Stuffy nose, sinus pressure and thick mucus for 6 days. No fever. Age 38.
A 55-year-old man with known gout says his big toe is at it again, same as the last three times. T 36.8, HR 72, BP 132/80.
My husband has jock itch and the cream isn't doing much.
Pt requests dental clinic referral, broken filling, no pain.
A mother brings her 3-year-old who put a bead up his nose. He is breathing comfortably.
17 yo M minor wrist injury playing basketball, no deformity, neurovascularly intact, pain 3/10.
A 22-year-old woman presents requesting emergency contraception after unprotected intercourse last night.
My 2-year-old bumped his forehead on the table an hour ago, cried right away, is running around, no vomiting.
Student with sunburn on shoulders after the beach, mild pain, no blisters.
It's been two weeks of a nagging dry cough after a cold. I'm 41, non-smoker, no fever, breathing fine.
A 60-year-old woman complains of dry, itchy skin each winter.
I have a stye on my upper eyelid, a bit sore.
A 34-year-old man wants the stitches in his chin removed. The laceration has healed well.
Lost my asthma inhaler and need a new one; I'm breathing fine now.
A 26-year-old woman, 2 months postpartum, asks if she can dye her hair while breastfeeding.
Hemorrhoids flaring up, small streak of blood when wiping, 37 years old.
Jammed my finger in a door; nail is bruised, I can bend it fully.
"My kid has pinworms again," reports the father of a 6-year-old.
A 50-year-old man has had right shoulder pain with overhead reaching for 3 months. No trauma, no chest pain.
Bad breath and bleeding gums when brushing.
A 29-year-old man has a cold sore on his lip.
Chronic low back ache, same as for years, out of ibuprofen. Walks in without difficulty.
21-year-old with a hangover headache, has had two glasses of water.
My eyes are dry and tired after staring at a computer all day.
A 24-year-old woman presents with seasonal allergies and requests a refill of loratadine.
Small cut on the shin from shaving that keeps oozing a little; not on any medication.
A 33-year-old has athlete's foot with itching for 3 weeks.
The patient, a 46-year-old teacher, lost her voice after a cold; no trouble swallowing or breathing.
A 5-year-old with pink eye and a runny nose; eating and playing.
Bee sting on the forearm 2 hours ago, local redness and itch, no breathing trouble, no hives.
I have mild period cramps like every month.
Cracked heels, sometimes sore.
一名28岁男性，手指被纸划破，已止血。
一名6岁女孩，头虱一周，头皮发痒。
女，45岁，更年期潮热，睡眠差
打球后手腕扭伤，轻度肿胀，活动可
喉咙痛，有点鼻塞，体温37.2，能吃饭
我最近掉头发很厉害，怎么办
孩子晚上磨牙，要不要打虫
蚊子咬了一个大包，很痒
屁股长了个小疖子，不发烧
来换药，伤口恢复好
过敏性鼻炎多年，最近打喷嚏加重，想开喷鼻药
我妈六十岁，肩膀疼三个月，抬手困难，没有外伤
右耳进水后闷闷的，不疼
脚后跟疼，早上下床第一步最明显
想做个胃镜，没什么不舒服
""".strip().splitlines()

EMERGENT = """\
My dad suddenly can't speak properly and the right side of his face looks off.
I feel like an elephant is sitting on my chest and I'm sweating.
58 y/o m diaphoretic, nauseated, left arm aching since breakfast
My wife is 9 weeks pregnant, one-sided pelvic pain and she nearly passed out.
The baby is 5 weeks old and feels hot, 38.4 rectal.
He took a bunch of his mother's pills an hour ago.
I can't pee since last night, my back hurts and I'm numb down there.
She is allergic to nuts, ate a brownie, her lips are puffy and she's coughing and wheezing.
A 70-year-old man with sudden severe back pain and BP 84/50.
A 21-year-old man with testicular pain that began 2 hours ago.
Worst headache ever, came on during sex, neck feels stiff.
My leg is swollen and now I have sharp pain when I breathe and feel out of breath.
A 24-year-old with type 1 diabetes has been vomiting all day, breathing deeply and smells fruity.
I've been throwing up blood.
Fever 39.5 with shaking chills, I'm on chemo.
A nail gun shot a nail into his eye.
Sudden painless loss of vision in my right eye an hour ago.
I don't want to be here anymore, I have pills ready.
He fell off a ladder, about 3 meters, can't feel his legs.
My son swallowed a button battery.
A 66-year-old woman has new confusion and a urinary infection.
34 weeks, bad headache, seeing spots, swollen hands.
Two-year-old with barking cough, makes a noise each time she breathes in even when calm.
82-year-old on apixaban fell and hit her head this morning.
Carbon monoxide alarm went off, whole family dizzy with headaches.
The skin around the wound is black and spreading fast, terrible pain.
I stopped drinking 3 days ago, shaking, seeing bugs on the wall.
I was stabbed.
My mother has been unresponsive for ten minutes.
The bleeding from my hand is pulsing out.
Baby is lethargic, not feeding, only one wet diaper today.
A 55-year-old with crushing substernal pressure radiating to the jaw.
Third-degree burn on the face from a firework.
右边胳膊突然抬不起来，说话也说不清
胸口像压了块石头，出冷汗
怀孕八周，下腹痛，有点出血
两个月宝宝发烧38.5
喝了农药
吐血两次，头晕
突然头痛欲裂，呕吐，脖子硬
化疗第十天，发烧39度，打寒战
老人今天突然认不得人了
孩子吃花生后嘴唇肿，喘不上气
睾丸突然剧痛两小时
从三楼摔下来，腰疼
糖尿病，一天没吃饭打了胰岛素，出冷汗，叫着反应慢
右眼突然看不见
胸痛撕裂样，放射到后背
一直拉黑便，站起来头晕
不想活了，买了安眠药
一名68岁男性，突发胸骨后压榨性疼痛1小时，伴大汗。
一名30岁女性，停经50天，突发下腹痛伴晕厥。
男，22岁，突发右侧胸痛伴气促2小时。
小腿肿了一周，今天突然喘不上气
孩子发烧，脖子硬，怕光，身上紫点
孩子抽搐十分钟了还没停
A 63-year-old diabetic woman feels weak, sweaty and has jaw discomfort for an hour.
My husband is snoring strangely and I can't wake him up; he took his pain pills.
"I can't catch my breath," says a 72-year-old man with heart failure who slept in a chair last night. SpO2 89%.
A 6-year-old has a fever of 39.8 and purple spots that don't fade when pressed.
An 80-year-old man on warfarin fell from standing and has a headache.
My daughter fainted during soccer practice.
A 45-year-old alcoholic is shaking and hallucinating two days after his last drink.
A 3-week-old has been vomiting green fluid since this morning.
Splashed drain cleaner into both eyes.
A 30-year-old woman with a positive pregnancy test has shoulder tip pain and dizziness.
Took 40 Tylenol tablets last night, feels fine now.
A 70-year-old smoker with sudden tearing pain in the back.
Patient is a 25-year-old with a stab wound to the abdomen.
My left leg turned cold and white an hour ago and it's numb.
58 yo on dialysis missed two sessions, very weak, potassium 6.8.
A 19-year-old college student with fever, severe headache and a stiff neck.
My vision went black in one eye like a curtain coming down.
Teen says she wants to kill herself.
Hit by a car while cycling, belly hurts and I feel faint.
A 40-year-old man with right lower belly pain since yesterday, now worse with fever and vomiting.
He was pulled out of the pool, coughing a lot now.
My throat is swelling after the wasp sting.
Postpartum day 6, soaking a pad every half hour.
A 50-year-old man has black stools and felt light-headed when standing.
Hand caught in a press, two fingers amputated.
A 2-month-old with a fever.
Sepsis alert: 77F, T 39.1, HR 124, RR 26, BP 92/50, confused.
Kidney transplant patient with fever of 38.6.
My uncle's speech has been slurred since lunch and he's dragging his right leg.
Testicle pain woke my 13-year-old at 4 am.
CP radiating to L arm, SOB, 54M
AMS, found on floor, 84F
s/p MVC rollover, neck pain
ETOH withdrawal, tremulous
Suicidal ideation with plan
Vag bleeding, 10 wks preg, cramping
HA, worst of life, sudden onset
Fever, neutropenia, chemo
BRBPR, dizzy
R sided weakness, LKW 1 hr ago
一名75岁女性，突发左侧肢体无力2小时。
男，60岁，呕血300ml，面色苍白，出冷汗
宝宝一天没尿了，囟门凹下去，没精神
高烧40度，胡言乱语
煤气中毒，头晕想吐
老人摔倒后胯疼，站不起来
喝醉了叫不醒
突然眼前发黑，晕倒在厕所
孕36周，胎动明显减少
产后大出血
一名25岁男性，右侧睾丸剧痛3小时。
孩子误吞纽扣电池
被蛇咬了手，肿到胳膊
一名40岁男性，上腹剧痛，板状腹。
心跳突然很快，胸闷，眼前发黑
吃完头孢喝酒，胸闷脸红心慌
触电后晕了一下
全身大片烧伤
哮喘喷药没用，说不出整句话
糖尿病，呕吐，呼吸很深，嘴里烂苹果味
""".strip().splitlines()
