"""One folded form of every text: case, width, digits, Chinese variants and labels before a colon make no difference.

All work is on arrays of code points, so that a chart of 8,000 tokens folds in about a millisecond.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]

BMP = 0x10000
SPACE, ZERO, STOP, COLON = ord(" "), ord("0"), ord("."), ord(":")
LABEL_CHARACTERS = 24
# Traditional and simplified character, pair by pair: the ones that requests in a hospital are made of.
VARIANTS = (
    "個个們们來来這这說说時时會会對对開开關关發发問问題题為为無无過过還还進进長长後后頭头體体醫医師师護护診诊療疗藥药"
    "劑剂術术檢检驗验報报告告病病歷历寫写記记錄录請请給给幫帮數数據据統统計计門门號号掛挂應应該该屬属於于與与並并從从"
    "兒儿嬰婴婦妇產产懷怀歲岁齡龄親亲媽妈爸爸壓压糖糖脈脉腎肾臟脏腦脑膽胆腸肠氣气喘喘嘔呕瀉泻熱热燒烧涼凉溫温濕湿"
    "腫肿癥症瘡疮癢痒顱颅頸颈頰颊喉喉聲声視视聽听覺觉觸触膚肤傷伤骨骨關关節节肌肌鈣钙鉀钾鈉钠鎂镁鐵铁鋅锌鹼碱酸酸"
    "導导管管輸输液液點点滴滴衝冲擊击顆颗單单雙双兩两幾几萬万億亿組组級级類类種种樣样條条項项總总結结論论實实觀观察察"
    "較较比比對对照照隨随機机試试證证據据獻献研研究究課课題题標标準准範范圍围異异變变見见現现經经過过間间歲岁復复"
    "險险費费價价錢钱買买賣卖貨货庫库儲储備备設设備备電电腦脑網网線线務务員员館馆院院樓楼層层區区縣县鄉乡國国際际"
    "華华東东廣广陽阳陰阴風风濟济營营運运業业務务辦办處处理理評评審审議议論论訓训練练學学習习書书讀读語语詞词課课"
    "質质量量優优劣劣勢势權权責责滿满意意態态度度煩烦惱恼嚴严肅肃緊紧張张輕轻鬆松軟软硬硬細细胞胞菌菌"
    "鬱郁慮虑驚惊嚇吓夢梦憶忆愛爱戀恋寧宁靜静鬧闹痠酸癱瘫瘓痪癲癫癇痫殘残廢废癒愈療疗癌癌瘤瘤轉转移移擴扩散散"
    "齒齿鹹咸鹽盐飯饭飲饮餐餐麵面雞鸡魚鱼蝦虾蟹蟹貓猫蟲虫馬马鳥鸟龍龙龜龟絡络維维纖纤繼继續续絕绝緩缓編编縮缩繞绕"
    "孫孙確确認认識识講讲謝谢讓让變变護护貝贝負负責责貧贫資资質质贈赠趙赵跡迹蹤踪軀躯轉转載载辭辞達达遲迟遺遗選选"
    "邊边郵邮醬酱釋释鋼钢錯错鏡镜閉闭閱阅陳陈隊队階阶隱隐雖虽離离難难霧雾響响頁页順顺預预領领顏颜願愿顧顾"
    "飛飞餘余騎骑驅驱驟骤髒脏鬥斗鮮鲜麗丽麥麦麻麻黃黄齊齐嗎吗誰谁哪哪裡里裏里麼么甚什嗽嗽疹疹瘀瘀癤疖痺痹矇蒙眩眩"
    "內内髮发製制複复係系佈布佔占併并俠侠倉仓傳传債债僅仅儀仪償偿凍冻淨净減减劃划劇剧劉刘勞劳勝胜匯汇協协卻却厭厌"
    "參参啟启喚唤喪丧嘗尝團团園园圓圆圖图場场塊块墊垫塵尘墜坠壞坏壯壮壽寿夠够夾夹奧奥獎奖奪夺嬌娇孿孪專专將将尋寻"
    "導导屆届屍尸嶺岭幣币幹干廠厂彈弹強强彙汇彎弯徑径徹彻恆恒恥耻悅悦懇恳懶懒懸悬懼惧戰战戲戏戶户拋抛捨舍掃扫採采"
    "換换揚扬損损搖摇撥拨撫抚擇择擔担據据擠挤擬拟攝摄攜携敗败敘叙敵敌斃毙斷断昇升晝昼暈晕暫暂曆历朧胧"
    "條条棄弃棗枣槍枪樂乐樹树橋桥歐欧歡欢歲岁歸归殺杀殼壳毀毁決决沒没況况洩泄淚泪淺浅渾浑湧涌滅灭滯滞滲渗漢汉漿浆"
    "潔洁潛潜潤润潰溃澀涩澤泽濃浓濾滤灘滩灣湾災灾為为煉炼煙烟熒荧燈灯燙烫爐炉爛烂爭争牆墙牽牵犧牺狀状狹狭獨独獲获"
    "環环瑣琐瓊琼畢毕畫画當当疊叠皺皱盡尽監监盤盘眾众睏困瞭了矯矫碼码磚砖礎础禮礼禦御稅税稱称穀谷積积穩稳窮穷竄窜"
    "競竞筆笔筋筋箋笺築筑簡简簽签籃篮糧粮糾纠紀纪約约紅红納纳紐纽純纯紗纱紙纸紛纷紮扎細细終终絞绞給给絲丝綠绿綜综"
    "網网緊紧緒绪締缔緣缘緻致縫缝縱纵織织繪绘罰罚罷罢羅罗聖圣聞闻聯联聰聪職职聾聋腳脚脹胀膠胶膿脓臉脸臨临臺台舉举"
    "舊旧艙舱艱艰莊庄莖茎萊莱葉叶蒼苍蓋盖蓮莲蔔卜薑姜薦荐藝艺蘇苏蘋苹蘭兰虛虚補补裝装裡里褲裤襪袜襲袭覆覆規规覓觅"
    "觀观訂订訊讯訪访許许訴诉註注詢询詳详誇夸誤误調调談谈諮咨諾诺謊谎證证譯译讚赞豐丰貌貌貫贯貴贵貼贴賀贺賴赖賺赚"
    "購购賽赛趕赶躍跃車车軍军輔辅輩辈輪轮輯辑輻辐辯辩農农遊游適适遠远鄰邻鄭郑醜丑釀酿針针釘钉鈍钝鉛铅銀银銅铜銳锐"
    "鋪铺鋁铝錶表鍋锅鍵键鎖锁鎮镇鐘钟鑑鉴鑽钻閃闪閒闲閘闸閥阀闆板闊阔陸陆陣阵險险雜杂雞鸡雲云霉霉靈灵韌韧韓韩頂顶"
    "頑顽頓顿頗颇頻频額额顛颠顯显飄飘飢饥飽饱餃饺餅饼養养餓饿館馆駐驻駕驾騙骗騰腾驢驴鬚须鴨鸭"
)
# A last sentence of courtesy says nothing about what is asked.
COURTESY = re.compile(
    r"(?:^|(?<=[.!?。！？\n]))[^.!?。！？\n]*"
    r"(?:thank|sorry|appreciated|cheers|have a (?:nice|good)|hope you|bother you|谢|辛苦|打扰|麻烦您|麻烦你|不好意思)"
    r"[^.!?。！？\n]*[.!?。！？\s]*$"
)
COURTESY_SENTENCES, COURTESY_CHARACTERS = 3, 160
STOPS, COMMAS, COLONS, QUESTIONS = ".。;；!！\n\r", ",，、", ":：]】", "?？"


@dataclass(frozen=True)
class Folded:
    """`codes` and `text` are the same characters, with a space at both ends."""

    codes: Codes
    text: str


def _table() -> npt.NDArray[np.uint32]:
    table = np.arange(BMP, dtype=np.uint32)
    table[list(map(ord, VARIANTS[::2]))] = list(map(ord, VARIANTS[1::2]))
    for point in (*range(0x20), *map(ord, "\"'()[]{}<>|*#_~`^=“”‘’《》【】「」…—-–/\\"), 0xA0, 0x3000):
        table[point] = SPACE
    table[ord("0") : ord("9") + 1] = ZERO
    for characters, point in ((STOPS, STOP), (COMMAS, ord(",")), (COLONS, COLON), (QUESTIONS, ord("?"))):
        table[list(map(ord, characters))] = point
    return table


TABLE = _table()


def fold(text: str) -> Folded:
    """The folded form; a label of a few words before a colon (`Doctor:`, `主诉：`, `[patient]`) is left out."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    small = _without_courtesy(plain.casefold())
    raw = np.frombuffer(small.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = TABLE[np.minimum(raw, BMP - 1)]
    codes = np.concatenate(([SPACE], _without_labels(codes))).astype(np.uint32)
    same = np.empty(len(codes), dtype=bool)
    same[0] = False
    same[1:] = (codes[1:] == codes[:-1]) & ((codes[1:] == SPACE) | (codes[1:] == ZERO))
    codes = np.append(codes[~same], np.uint32(SPACE))
    return Folded(codes, codes.tobytes().decode("utf-32-le", "replace"))


def _without_courtesy(text: str) -> str:
    """Up to three last sentences of thanks are left out, unless nothing else is there."""
    for _ in range(COURTESY_SENTENCES):
        tail = text[-COURTESY_CHARACTERS:]
        found = COURTESY.search(tail)
        if found is None or len(text) - len(tail) + found.start() == 0:
            return text
        text = text[: len(text) - len(tail) + found.start()]
    return text


def _without_labels(codes: Codes) -> Codes:
    """A colon takes with it what stands between it and the last stop, if that is as short as a label."""
    colons = np.flatnonzero(codes == COLON)
    if not len(colons):
        return codes
    stops = np.concatenate(([-1], np.flatnonzero((codes == STOP) | (codes == COLON))))
    starts = stops[np.searchsorted(stops, colons) - 1] + 1
    short = colons - starts <= LABEL_CHARACTERS
    edges = np.zeros(len(codes) + 1, dtype=np.int32)
    np.add.at(edges, starts[short], 1)
    np.add.at(edges, colons[short] + 1, -1)
    kept: Codes = codes[np.cumsum(edges[:-1]) == 0]
    return kept
